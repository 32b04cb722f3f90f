//! The one place of xtask that reads a clock: how long a step took.

use std::time::Instant;

/// A stopwatch, started when made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts counting.
    #[expect(clippy::disallowed_methods, reason = "xtask is a host: it shows how long steps take")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// Seconds since the start.
    #[expect(clippy::disallowed_methods, reason = "elapsed() reads the clock")]
    pub(crate) fn seconds(self) -> f64 {
        Instant::now().saturating_duration_since(self.0).as_secs_f64()
    }
}
