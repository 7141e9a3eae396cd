//! The program: parse, run, turn an error into words, hints and an exit status.

use std::process::ExitCode;

fn main() -> ExitCode {
    standin::cli::harden();
    let status = match standin::cli::run(std::env::args_os()) {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            error.report(&mut std::io::stderr().lock());
            error.status
        }
    };
    ExitCode::from(u8::from(status))
}
