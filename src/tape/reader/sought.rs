//! What is looked for on tapes.

use crate::timeline::{Filter, Only};

/// What is looked for on tapes: as [`crate::timeline::Query`], with the session by its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sought {
    /// One session, or all.
    pub session: Option<String>,
    /// A branch of the topics; `{id}` stands for any id.
    pub topic: Option<String>,
    /// The typed filter.
    pub filter: Filter,
    /// Which kinds of events.
    pub only: Only,
}
