//! The WebAssembly surface of Diddy-Mesh: convert in, call, convert out.
//!
//! Feature `engine` makes `core.wasm`, which decides, and with `balancers` and `observe`
//! `engine.wasm`; feature `control` makes `control.wasm`, which compiles, validates and explains
//! configuration documents. No decision is made here.
#![cfg_attr(all(target_arch = "wasm32", not(feature = "std"), not(test)), no_std)]

extern crate alloc;

#[cfg(feature = "control")]
pub mod control;
#[cfg(feature = "engine")]
pub mod engine;

#[cfg(all(target_arch = "wasm32", not(feature = "std")))]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// A panic is a bug, and its message would cost more bytes than the engine: trap, and let the host
/// start a fresh instance.
#[cfg(all(target_arch = "wasm32", not(feature = "std"), not(test)))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
