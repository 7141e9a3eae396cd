//! The program: parse, run, turn an error into words, hints and an exit status.

fn main() {}
