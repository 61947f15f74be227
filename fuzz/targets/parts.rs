//! `parts`: see `gatehouse_fuzz::parts`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gatehouse_fuzz::parts(data));
