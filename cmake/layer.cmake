# SPDX-License-Identifier: GPL-2.0-or-later
# mcvsim_layer(NAME [FOLDERS SUBFOLDER...] LIBS LIB...): the static library of the current folder, from
# all its C files and those of the sub-folders named, except main.c, linked with the layers below it.
function(mcvsim_layer name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "FOLDERS;LIBS")
  set(patterns *.c)
  foreach(folder ${arg_FOLDERS})
    list(APPEND patterns ${folder}/*.c)
  endforeach()
  file(GLOB sources CONFIGURE_DEPENDS ${patterns})
  list(FILTER sources EXCLUDE REGEX "/main\\.c$")
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PRIVATE mcvsim_options PUBLIC ${arg_LIBS})
endfunction()
