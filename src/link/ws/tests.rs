//! Tests of `ws`.
