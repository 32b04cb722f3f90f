//! breaker.
