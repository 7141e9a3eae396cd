//! An embedded platform to try against.
