//! The bench without a screen: scenarios of steps and expectations, run by real sessions.
mod file;
pub mod of_tape;
mod outcome;
mod plan;
mod run;
mod value;
pub mod write;
pub use file::{Around, LoadError, load};
pub use outcome::{Case, CaseReport, Compared, Failure, Progress, StepReport, StepResult, Verdict};
pub use plan::Scenario;
pub use run::{Options, run};
