# SPDX-License-Identifier: GPL-2.0-or-later
# What `cmake --install` puts where, and the Debian package that CPack makes of it (`cpack -G DEB` in
# the build's folder). The program finds share/mcvsim beside its own folder (sim/cli/shell/locate.c).
include(GNUInstallDirs)

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

# Compressed, as Debian wants them; no time of the build goes in, so that two builds are the same.
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC) # of SOURCE_DATE_EPOCH where that is set
set(compressed ${PROJECT_BINARY_DIR}/compressed)
file(MAKE_DIRECTORY ${compressed}/man1)
add_custom_command(OUTPUT ${compressed}/man1/hvcore.1.gz
  COMMAND sh -c "for f in ${manual}/*.1; do gzip -9nc $f >${compressed}/man1/\${f##*/}.gz || exit 1; done"
  DEPENDS ${manual}/mcvsim.1 ${manual}/hvcore.1 VERBATIM)
add_custom_command(OUTPUT ${compressed}/changelog.gz
  COMMAND sh -c "awk -v name=mcvsim -v packager='${packager}' -v date='${date}' -f \
    ${PROJECT_SOURCE_DIR}/cmake/changelog.awk ${PROJECT_SOURCE_DIR}/CHANGELOG.md | gzip -9nc >${compressed}/changelog.gz"
  DEPENDS ${PROJECT_SOURCE_DIR}/CHANGELOG.md ${PROJECT_SOURCE_DIR}/cmake/changelog.awk VERBATIM)
add_custom_target(manual ALL DEPENDS ${compressed}/man1/hvcore.1.gz ${compressed}/changelog.gz)

set(data ${CMAKE_INSTALL_DATADIR}/mcvsim)
install(TARGETS mcvsim hvcore RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY scenarios/ DESTINATION ${data} FILES_MATCHING PATTERN "*.json" PATTERN "*.csv" PATTERN "*.fcd.xml")
install(DIRECTORY scenarios/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/scenarios FILES_MATCHING PATTERN "*.md"
  PATTERN platforms EXCLUDE PATTERN apps EXCLUDE PATTERN radios EXCLUDE PATTERN profiles EXCLUDE
  PATTERN schema EXCLUDE PATTERN base EXCLUDE)
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES README.md CHANGELOG.md CITATION.cff DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES cmake/copyright ${compressed}/changelog.gz DESTINATION ${CMAKE_INSTALL_DOCDIR})
if(NOT EXISTS /usr/share/common-licenses/GPL-2) # to which the file above points
  install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
endif()
install(DIRECTORY ${compressed}/man1 DESTINATION ${CMAKE_INSTALL_MANDIR})
install(FILES ${manual}/mcvsim.bash
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME mcvsim)
install(FILES ${manual}/_mcvsim DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)

set(CPACK_PACKAGE_NAME mcvsim)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "${packager}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "What virtualization costs a handset that offloads its work")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"A discrete-event simulator of mobile cloud computing (mcvsim): handsets
offload tasks to hosts under full, para and OS-level virtualization, and
spend what exits, hypercalls, doorbells and page faults cost on a real machine.
.
The micro-VMM that measures these costs (hvcore) comes with it.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# Not linked: what draws figures, and a library that hvcore may have to load (hvcore/unicorn.cmake).
get_property(recommends GLOBAL PROPERTY mcvsim_recommends)
list(APPEND recommends gnuplot-nox fonts-liberation)
list(JOIN recommends ", " CPACK_DEBIAN_PACKAGE_RECOMMENDS)
include(CPack)
