//! `usage`: see `gatehouse_fuzz::usage`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gatehouse_fuzz::usage(data));
