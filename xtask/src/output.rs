//! What is printed. Who pipes us into `head` closes the pipe before the end: that ends the program,
//! quietly, where `println!` would panic.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write as _, stderr, stdout};

/// What a shell reports of a program that a closed pipe has ended: 128 and the signal's number.
const CLOSED_PIPE: i32 = 128 + 13;

/// A line on standard output.
pub(crate) fn line(line: Arguments<'_>) {
    match writeln!(stdout().lock(), "{line}") {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(CLOSED_PIPE),
        Err(error) => {
            aside(format_args!("error: cannot write to standard output: {error}"));
            std::process::exit(1);
        }
    }
}

/// A line on standard error. Where nobody can read it, there is nobody to tell that either.
pub(crate) fn aside(line: Arguments<'_>) {
    let _ = writeln!(stderr().lock(), "{line}");
}

/// Prints a line of what the command was asked for: see [`line()`].
macro_rules! say {
    () => { $crate::output::line(format_args!("")) };
    ($($what:tt)*) => { $crate::output::line(format_args!($($what)*)) };
}

/// Prints a line about what is going on: see [`aside`].
macro_rules! note {
    ($($what:tt)*) => { $crate::output::aside(format_args!($($what)*)) };
}
