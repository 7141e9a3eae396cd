//! The bench without a screen: scenarios of steps and expectations, run by real sessions.
mod file;
mod plan;
mod value;
pub use file::{Around, LoadError, load};
pub use plan::Scenario;
