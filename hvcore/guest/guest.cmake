# SPDX-License-Identifier: GPL-2.0-or-later
# The guests: each image_NAME.c becomes a flat image that is linked into the library hv and is found
# by name (hv_image_find). Compiled apart from the project's own flags: no libc, no sanitizers.
set(guest_flags -std=gnu17 -O2 -ffreestanding -nostdlib -static -fno-pic -fno-pie
  -fno-unroll-loops -mno-red-zone -mgeneral-regs-only -fno-stack-protector -fcf-protection=none
  -fno-asynchronous-unwind-tables -Wall -Wextra -Wshadow -Wconversion)
if(MCVSIM_WERROR)
  list(APPEND guest_flags -Werror)
endif()
set(linker_script ${CMAKE_CURRENT_LIST_DIR}/flat_x86_64.ld)
set(common ${CMAKE_CURRENT_LIST_DIR}/start_x86_64.S)
file(GLOB library CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.c)
list(FILTER library EXCLUDE REGEX "/image_[^/]*$")
list(APPEND common ${library})
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  file(GLOB images CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/image_*.c)
endif()
file(GLOB headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.h)

# hv_guest_image(SOURCE FLAT [MORE...]): how a guest program, with more sources if it has them, becomes
# the flat image FLAT. A built-in image_NAME.c has those in the folder NAME.
set(guest_common ${common} CACHE INTERNAL "")
set(guest_needs ${common} ${headers} ${linker_script} ${PROJECT_SOURCE_DIR}/hvcore/abi.h
  ${PROJECT_SOURCE_DIR}/hvcore/probe/compute.h ${PROJECT_SOURCE_DIR}/hvcore/probe/walk.h CACHE INTERNAL "")
set(guest_compile ${CMAKE_C_COMPILER} ${guest_flags} -I${PROJECT_SOURCE_DIR} -Wl,--build-id=none
  -Wl,-z,max-page-size=4096 -Wl,--no-warn-rwx-segments -T ${linker_script} CACHE INTERNAL "")
function(hv_guest_image source flat)
  add_custom_command(OUTPUT ${flat}
    COMMAND ${guest_compile} -o ${flat}.elf ${guest_common} ${source} ${ARGN}
    COMMAND ${CMAKE_OBJCOPY} -O binary ${flat}.elf ${flat}
    DEPENDS ${source} ${ARGN} ${guest_needs}
    VERBATIM)
endfunction()

set(HV_IMAGE_BLOBS)
set(HV_IMAGE_DECLARATIONS)
set(HV_IMAGE_ROWS)
foreach(source ${images})
  get_filename_component(stem ${source} NAME_WE)
  string(REPLACE "image_" "" name ${stem})
  set(flat ${CMAKE_CURRENT_BINARY_DIR}/guest/${name}.bin)
  file(GLOB parts CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/${name}/*.c)
  hv_guest_image(${source} ${flat} ${parts})
  list(APPEND flats ${flat})
  string(APPEND HV_IMAGE_BLOBS "\t.globl hv_image_${name}_start, hv_image_${name}_end\n"
    "\t.balign 16\nhv_image_${name}_start:\n\t.incbin \"${flat}\"\nhv_image_${name}_end:\n\t.byte 0\n")
  string(APPEND HV_IMAGE_DECLARATIONS "extern const uint8_t hv_image_${name}_start[], hv_image_${name}_end[];\n")
  string(APPEND HV_IMAGE_ROWS "\t{ \"${name}\", hv_image_${name}_start, hv_image_${name}_end },\n")
endforeach()
configure_file(${CMAKE_CURRENT_LIST_DIR}/images.S.in guest/images.S @ONLY)
configure_file(${CMAKE_CURRENT_LIST_DIR}/images.c.in guest/images.c @ONLY)
set_source_files_properties(${CMAKE_CURRENT_BINARY_DIR}/guest/images.S PROPERTIES OBJECT_DEPENDS "${flats}")
target_sources(hv PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/guest/images.S ${CMAKE_CURRENT_BINARY_DIR}/guest/images.c)
