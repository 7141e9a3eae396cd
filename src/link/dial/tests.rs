//! Tests of `dial`.
