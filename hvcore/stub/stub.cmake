# SPDX-License-Identifier: GPL-2.0-or-later
# The program that the trap backend runs its guests in: static, without libc, linked to an address of
# its own, and carried inside the library hv as bytes.
if(NOT CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  return()
endif()
set(source ${CMAKE_CURRENT_LIST_DIR}/trap_stub_x86_64.c)
set(HV_STUB ${CMAKE_CURRENT_BINARY_DIR}/stub/trap_stub)
add_custom_command(OUTPUT ${HV_STUB}
  COMMAND ${CMAKE_C_COMPILER} -std=gnu17 -O2 -ffreestanding -nostdlib -static -fno-pic -fno-pie
    -mcmodel=large -mgeneral-regs-only -fno-stack-protector -fcf-protection=none
    -fno-asynchronous-unwind-tables -Wall -Wextra -Wshadow -Wconversion -I${PROJECT_SOURCE_DIR}
    -Wl,--build-id=none -Wl,-Ttext-segment=0x600000000000 -Wl,-z,noexecstack -s -o ${HV_STUB} ${source}
  DEPENDS ${source} ${CMAKE_CURRENT_LIST_DIR}/trap_shared.h
    ${PROJECT_SOURCE_DIR}/hvcore/abi.h
  VERBATIM)
configure_file(${CMAKE_CURRENT_LIST_DIR}/stub.S.in stub/stub.S @ONLY)
set_source_files_properties(${CMAKE_CURRENT_BINARY_DIR}/stub/stub.S PROPERTIES OBJECT_DEPENDS ${HV_STUB})
target_sources(hv PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/stub/stub.S)
