//! outlier.
