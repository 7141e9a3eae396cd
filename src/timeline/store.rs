//! Events at rest: packed records in chunks of memory that are recycled when the budget is reached.

/// The packed events.
#[derive(Debug)]
pub struct Store {
    budget: usize,
}

impl Store {
    /// An empty store that holds at most `budget` bytes.
    pub fn new(budget: usize) -> Self {
        Self { budget }
    }
}
