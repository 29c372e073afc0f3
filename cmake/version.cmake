# SPDX-License-Identifier: GPL-2.0-or-later
# The version that the program tells and stores with what it makes: that of the project and, where
# the sources are a clone, the commit that they are of ("0.1.0+g1a2b3c4", "-dirty" when files differ
# from it). An archive that git made of a commit (`git archive`, a forge's download) has it from
# cmake/archive-commit, which .gitattributes has git fill in. A tree without either, and one whose
# commit has the tag of the version ("v0.1.0"), give the version alone.
#
# Run by each build as a script, with VERSION, SOURCE and OUT; OUT is only written when it changes, so
# that nothing is built anew for the same commit.
set(version ${VERSION})
find_program(git git)
if(git)
  # Not the commit of a clone around an unpacked tarball.
  execute_process(COMMAND ${git} -C ${SOURCE} rev-parse --show-prefix
    RESULT_VARIABLE failed OUTPUT_VARIABLE prefix ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(failed EQUAL 0 AND prefix STREQUAL "")
    execute_process(COMMAND ${git} --no-optional-locks -C ${SOURCE} describe --always --dirty --abbrev=7
      --exclude=*
      RESULT_VARIABLE failed OUTPUT_VARIABLE commit ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
    execute_process(COMMAND ${git} -C ${SOURCE} tag --points-at HEAD --list v${VERSION}
      OUTPUT_VARIABLE tag ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
    if(failed EQUAL 0 AND commit MATCHES "^[0-9a-f]+(-dirty)?$"
        AND NOT (tag AND NOT commit MATCHES "-dirty$"))
      string(APPEND version "+g${commit}")
    endif()
  endif()
endif()
if(version STREQUAL VERSION AND EXISTS ${SOURCE}/cmake/archive-commit)
  file(STRINGS ${SOURCE}/cmake/archive-commit archive LIMIT_COUNT 1) # "HASH NAME, tag: NAME, ..."
  if(archive MATCHES "^([0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f])[0-9a-f]* ?(.*)$")
    set(commit ${CMAKE_MATCH_1})
    string(REPLACE ", " ";" names "${CMAKE_MATCH_2}")
    list(FIND names "tag: v${VERSION}" released)
    if(released EQUAL -1)
      string(APPEND version "+g${commit}")
    endif()
  endif()
endif()
file(CONFIGURE OUTPUT ${OUT} @ONLY CONTENT
"/* Made by cmake/version.cmake; do not edit. */
#define MCVSIM_VERSION \"${version}\"
")
