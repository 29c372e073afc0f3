# SPDX-License-Identifier: GPL-2.0-or-later
# mcvsim_layer(NAME LIB...): the static library of the current folder, from all its C files except
# main.c, linked with the layers below it. A folder without C files yet is an interface target.
function(mcvsim_layer name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.c)
  list(FILTER sources EXCLUDE REGEX "/main\\.c$")
  if(sources)
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PRIVATE mcvsim_options PUBLIC ${ARGN})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE ${ARGN})
  endif()
endfunction()
