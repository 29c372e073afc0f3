# SPDX-License-Identifier: GPL-2.0-or-later
# libunicorn has ten architectures and hides none of its names: to link it when a program starts takes
# 45,000 relative relocations and 37,000 by name. Of its static library the part for the guests' own
# architecture is one object whose only names are the functions that unicorn_library.h lists: linked into
# the program it costs no start anything. hv_unicorn_archive(RESULT) makes an archive of it in the current
# build folder; RESULT is empty, and the shared library is loaded at run time, where there is no static
# one or it cannot be taken apart so.
option(MCVSIM_UNICORN_SHARED "Load libunicorn when it is wanted, also where it could be linked" OFF)

function(hv_unicorn_archive result)
  set(${result} "" PARENT_SCOPE)
  find_library(UNICORN_STATIC libunicorn.a HINTS ${UNICORN_LIBDIR})
  if(MCVSIM_UNICORN_SHARED OR NOT UNICORN_STATIC)
    return()
  endif()
  set(header ${CMAKE_CURRENT_LIST_DIR}/backend/unicorn_library.h)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${UNICORN_STATIC} ${header})
  set(work ${CMAKE_CURRENT_BINARY_DIR}/unicorn)
  set(archive ${work}/libunicorn_x86.a)
  file(MAKE_DIRECTORY ${work})

  set(wanted)
  set(kept)
  file(READ ${header} text)
  string(REGEX MATCHALL "\tX\\([a-z_]+\\)" rows "${text}")
  foreach(row ${rows})
    string(REGEX REPLACE ".*\\((.*)\\)" "uc_\\1" name ${row})
    list(APPEND wanted -Wl,-u,${name})
    list(APPEND kept --keep-global-symbol=${name})
  endforeach()

  # By which uc_open and the like enter an architecture: what has an address needs no archive member. A
  # machine of another one is never asked for.
  set(absent)
  execute_process(COMMAND ${CMAKE_NM} -u ${UNICORN_STATIC} OUTPUT_VARIABLE undefined ERROR_QUIET)
  string(REGEX MATCHALL "[a-z0-9_]+_(uc_init|context_reg_read|context_reg_write)\n" entries "${undefined}")
  list(REMOVE_DUPLICATES entries)
  list(FILTER entries EXCLUDE REGEX "^x86_")
  foreach(entry ${entries})
    string(STRIP ${entry} entry)
    list(APPEND absent -Wl,--defsym=${entry}=0)
  endforeach()

  foreach(command
      "${CMAKE_C_COMPILER};-nostdlib;-r;-o;all.o;${wanted};${absent};${UNICORN_STATIC}"
      "${CMAKE_OBJCOPY};${kept};all.o;x86.o"
      "${CMAKE_AR};rcsD;new.a;x86.o")
    file(REMOVE ${work}/new.a)
    execute_process(COMMAND ${command} WORKING_DIRECTORY ${work} RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
    if(failed)
      message(STATUS "libunicorn: not linked, since its static library cannot be taken apart")
      return()
    endif()
  endforeach()
  execute_process(COMMAND ${CMAKE_NM} -g --defined-only ${work}/new.a OUTPUT_VARIABLE names ERROR_QUIET)
  string(REGEX MATCHALL " T uc_[a-z_]+\n" names "${names}")
  list(LENGTH names found)
  list(LENGTH rows listed)
  if(NOT found EQUAL listed)
    message(STATUS "libunicorn: not linked, since its static library lacks a function")
    return()
  endif()
  # With all architectures, as when the entries have other names, it would be no gain.
  file(SIZE ${work}/new.a bytes)
  if(bytes GREATER 4000000)
    message(STATUS "libunicorn: not linked, since all its architectures would be (${bytes} bytes)")
    return()
  endif()
  # Made anew by each configuration, and no reason to link anything again when it is the same.
  file(COPY_FILE ${work}/new.a ${archive} ONLY_IF_DIFFERENT)
  set(${result} ${archive} PARENT_SCOPE)
endfunction()
