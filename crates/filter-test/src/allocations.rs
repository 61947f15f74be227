//! How often something allocates: a test binary that asks has this allocator.
//!
//! ```
//! use gatehouse_filter_test::allocations::{self, Counting};
//!
//! #[global_allocator]
//! static ALLOCATOR: Counting = Counting;
//!
//! let (count, text) = allocations::of(|| String::from("text"));
//! assert_eq!((count, text.as_str()), (1, "text"));
//! ```
#![expect(unsafe_code, reason = "an allocator is unsafe to write; this one hands on")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, and a count for each thread.
#[derive(Debug)]
pub struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: it hands every call on to the system's, unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get().saturating_add(1)));
        // SAFETY: the caller's promise is handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is handed on.
        unsafe { System.dealloc(at, layout) }
    }
}

/// How often something allocates on this thread. Without the allocator, never.
pub fn of<T>(run: impl FnOnce() -> T) -> (usize, T) {
    let before = COUNT.with(Cell::get);
    let done = run();
    (COUNT.with(Cell::get).saturating_sub(before), done)
}
