# SPDX-License-Identifier: GPL-2.0-or-later
# The bare guest, twice: hvcore-guest-pvh.elf (64-bit ELF with the PVH note) and
# hvcore-guest-multiboot.elf (32-bit ELF with the multiboot header), at the top of the build folder.
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  set(bare_dir ${CMAKE_CURRENT_LIST_DIR})
  file(GLOB bare_needs CONFIGURE_DEPENDS ${bare_dir}/*)
  set(bare_compile ${CMAKE_C_COMPILER} ${guest_flags} -DHV_BARE -I${PROJECT_SOURCE_DIR} -Wl,--build-id=none
    -Wl,-z,max-page-size=4096 -Wl,-z,noexecstack -Wl,--no-warn-rwx-segments -T ${bare_dir}/bare_x86_64.ld)
  file(GLOB bare_probe CONFIGURE_DEPENDS ${bare_dir}/../guest/probe/*.c)
  set(bare_sources ${bare_dir}/entry_x86_64.S ${bare_dir}/bare.c ${bare_dir}/log.c ${bare_dir}/machine.c
    ${guest_common} ${bare_dir}/../guest/image_probe.c ${bare_probe})
  set(bare_pvh ${PROJECT_BINARY_DIR}/hvcore-guest-pvh.elf)
  set(bare_multiboot ${PROJECT_BINARY_DIR}/hvcore-guest-multiboot.elf)
  add_custom_command(OUTPUT ${bare_pvh}
    COMMAND ${bare_compile} -o ${bare_pvh} ${bare_sources}
    DEPENDS ${bare_sources} ${bare_needs} ${guest_needs} VERBATIM)
  add_custom_command(OUTPUT ${bare_multiboot}
    COMMAND ${bare_compile} -o ${bare_multiboot}.64 ${bare_dir}/multiboot_x86_64.S ${bare_sources}
    COMMAND ${CMAKE_OBJCOPY} -O elf32-i386 ${bare_multiboot}.64 ${bare_multiboot}
    DEPENDS ${bare_sources} ${bare_needs} ${guest_needs} VERBATIM)
  add_custom_target(hv_bare ALL DEPENDS ${bare_pvh} ${bare_multiboot})
endif()
