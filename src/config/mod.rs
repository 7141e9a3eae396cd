//! Files, environment and flags to checked values.
