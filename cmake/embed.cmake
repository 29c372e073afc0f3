# SPDX-License-Identifier: GPL-2.0-or-later
# mcvsim_embed(TARGET NAME FILE): the text of a file of the current folder as
#     const char NAME[] = "...";
# in a C file of the target, made anew when the file changes.
function(mcvsim_embed target name file)
  set(path ${CMAKE_CURRENT_SOURCE_DIR}/${file})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
  file(READ ${path} text)
  string(REPLACE "\\" "\\\\" text "${text}")
  string(REPLACE "\"" "\\\"" text "${text}")
  string(REPLACE "\n" "\\n\"\n\t\"" text "${text}")
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${name}.c)
  file(CONFIGURE OUTPUT ${out} @ONLY CONTENT
"/* Made by cmake/embed.cmake from ${file}; do not edit. */
extern const char ${name}[];
const char ${name}[] =
\t\"${text}\";
")
  target_sources(${target} PRIVATE ${out})
endfunction()
