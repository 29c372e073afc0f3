# SPDX-License-Identifier: GPL-2.0-or-later
# mcvsim_table(TARGET TABLE TYPE HEADER PREFIX SUFFIX): finds <PREFIX><name>.c in the current folder
# and writes a C file with
#     const TYPE *const TABLE[] = { &<PREFIX><name>_<SUFFIX>, ..., NULL };
# in the order of names, so that adding one file adds one row. Dashes do not occur in file names.
function(mcvsim_table target table type header prefix suffix)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${prefix}*.c)
  list(SORT sources)
  set(externs "")
  set(rows "")
  foreach(source ${sources})
    get_filename_component(stem ${source} NAME_WE)
    string(APPEND externs "extern const ${type} ${stem}_${suffix};\n")
    string(APPEND rows "\t&${stem}_${suffix},\n")
  endforeach()
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${table}.c)
  file(CONFIGURE OUTPUT ${out} @ONLY CONTENT
"/* Made by cmake/table.cmake from the files ${prefix}*.c; do not edit. */
#include \"${header}\"

${externs}
const ${type} *const ${table}[] = {
${rows}\tNULL,
};
")
  target_sources(${target} PRIVATE ${out})
endfunction()
