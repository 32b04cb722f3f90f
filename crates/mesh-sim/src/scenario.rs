//! The scenarios, one per file, and all of them in one run.

pub mod global_limit;
pub mod retry_storm;
pub mod shared_outlier;
pub mod slow_endpoint;
pub mod supermarket;

use crate::{figure::Figure, mesh::DocumentError};

/// Every figure of every scenario at full length: seconds when optimised, minutes when not.
///
/// # Errors
/// Where a scenario's document does not compile.
pub fn all(seed: u64) -> Result<Vec<Figure>, DocumentError> {
    let mut figures = supermarket::figures(seed, supermarket::Length::FULL)?;
    figures.extend(slow_endpoint::figures(seed, slow_endpoint::SEEDS)?);
    figures.extend(retry_storm::figures(seed)?);
    figures.extend(global_limit::figures(seed)?);
    figures.extend(shared_outlier::figures(seed)?);
    Ok(figures)
}
