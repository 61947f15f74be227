//! How much of what a stranger sent is looked at: bytes that are read, values that are visited.
//!
//! A bound on work is a number, and not a time: whoever walks over what a request carries says so
//! with [`took`], and a test counts with `of` what the worst request takes. Only tests have the
//! feature `count`; in a module the calls are nothing.

#[cfg(feature = "count")]
std::thread_local! {
    static TAKEN: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// So many more.
#[inline]
pub fn took(steps: usize) {
    #[cfg(feature = "count")]
    TAKEN.set(TAKEN.get().saturating_add(steps));
    #[cfg(not(feature = "count"))]
    let _ = steps;
}

/// What something takes on this thread.
#[cfg(feature = "count")]
pub fn of<T>(run: impl FnOnce() -> T) -> (usize, T) {
    let before = TAKEN.get();
    let done = run();
    (TAKEN.get().saturating_sub(before), done)
}
