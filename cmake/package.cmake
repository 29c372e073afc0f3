# SPDX-License-Identifier: GPL-2.0-or-later
# What `cmake --install` puts where, and the Debian package that CPack makes of it (`cpack -G DEB` in
# the build's folder). The program finds share/mcvsim beside its own folder (sim/cli/shell/locate.c).
include(GNUInstallDirs)

# Manual pages and completion come out of the program itself, from the tables of --help.
set(manual ${PROJECT_BINARY_DIR}/manual)
file(MAKE_DIRECTORY ${manual})
add_custom_command(OUTPUT ${manual}/mcvsim.1 ${manual}/mcvsim.bash ${manual}/_mcvsim
  COMMAND mcvsim manual --output ${manual}
  COMMAND mcvsim completion bash > ${manual}/mcvsim.bash
  COMMAND mcvsim completion zsh > ${manual}/_mcvsim
  DEPENDS mcvsim VERBATIM)
add_custom_command(OUTPUT ${manual}/hvcore.1
  COMMAND $<TARGET_FILE:hvcore> --help > ${manual}/hvcore.help
  COMMAND awk -v name=hvcore -v version=${PROJECT_VERSION}
    -v "about=micro-VMM that measures what virtualization costs"
    -f ${PROJECT_SOURCE_DIR}/cmake/help_to_man.awk ${manual}/hvcore.help > ${manual}/hvcore.1
  DEPENDS hvcore ${PROJECT_SOURCE_DIR}/cmake/help_to_man.awk VERBATIM)
add_custom_target(manual ALL DEPENDS ${manual}/mcvsim.1 ${manual}/hvcore.1)

set(data ${CMAKE_INSTALL_DATADIR}/mcvsim)
install(TARGETS mcvsim hvcore RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY scenarios/ DESTINATION ${data} FILES_MATCHING PATTERN "*.json" PATTERN "*.csv" PATTERN "*.fcd.xml")
install(DIRECTORY scenarios/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/scenarios FILES_MATCHING PATTERN "*.md"
  PATTERN platforms EXCLUDE PATTERN apps EXCLUDE PATTERN radios EXCLUDE PATTERN profiles EXCLUDE
  PATTERN schema EXCLUDE PATTERN base EXCLUDE)
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES README.md CHANGELOG.md CITATION.cff DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)
install(DIRECTORY ${manual}/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 FILES_MATCHING PATTERN "*.1")
install(FILES ${manual}/mcvsim.bash
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME mcvsim)
install(FILES ${manual}/_mcvsim DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)

set(CPACK_PACKAGE_NAME mcvsim)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
# Who makes a package answers for it: named as Debian's own tools take it from the environment, else
# the account and machine that built it.
if(DEFINED ENV{DEBEMAIL} AND DEFINED ENV{DEBFULLNAME})
  set(packager "$ENV{DEBFULLNAME} <$ENV{DEBEMAIL}>")
elseif(DEFINED ENV{DEBEMAIL})
  set(packager "$ENV{DEBEMAIL}")
else()
  cmake_host_system_information(RESULT host QUERY FQDN)
  execute_process(COMMAND id -un OUTPUT_VARIABLE account OUTPUT_STRIP_TRAILING_WHITESPACE)
  set(packager "${account} <${account}@${host}>")
endif()
set(CPACK_PACKAGE_CONTACT "${packager}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "What virtualization costs a handset that offloads its work")
set(CPACK_PACKAGE_DESCRIPTION "A discrete-event simulator of mobile cloud computing under full, para and
 OS-level virtualization (mcvsim), and the micro-VMM that measures its costs (hvcore).")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# Not linked: a library that hvcore loads when it is there, and what draws figures.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "libunicorn2, gnuplot-nox, fonts-liberation")
include(CPack)
