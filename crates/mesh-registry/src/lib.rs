//! Who is where and how healthy.
//!
//! ```text
//! registrations ──▶ leases ──┐
//! sources ─▶ kept ───────────┴─▶ merge ──▶ the endpoints of each service
//! probes ─────────▶ checks ──┐
//! isolates ───────▶ shared ──┴──────────▶ their health
//! ```
//!
//! A [`registry::Registry`] is what one writer keeps: leases and checks, and when they are published.
//! What isolates see is [`shared`], and part of it. Beside it, [`rollout`] tells whether a
//! configuration that some use does worse than that of the others, and [`allowance`] shares out a rate
//! that many hold together.
//!
//! Like the brain, nothing here owns a socket, a clock or a timer: time and dice are handed in, and
//! what is to be done next is asked for ([`leases::Leases::next_expiry`], [`checks::Checks::due`]). A
//! [`record::Record`] that is wrong is refused alone, and what was good before stays in use
//! ([`kept::Kept`]). Every bound stands in [`limits`].
//!
//! Two records of one service, of which one is never renewed:
//!
//! ```
//! use mesh_core::time::{Micros, Timestamp};
//! use mesh_registry::{leases::Leases, merge::merge, record::Record};
//!
//! let (mut leases, ttl) = (Leases::new(), Some(Micros::from_secs(30)));
//! let now = Timestamp::from_millis(1_000);
//! let records = ["binding:USERS_A", "binding:USERS_B", ""].map(|address| Record {
//!     service: "user-service".into(),
//!     address: address.into(),
//!     ..Record::default()
//! });
//! let renewed = records[0].identity();
//! let answers: Vec<bool> =
//!     records.into_iter().map(|record| leases.register(record, ttl, now).is_ok()).collect();
//! assert_eq!(answers, [true, true, false], "the one without an address, and no other");
//!
//! let later = now.saturating_add(Micros::from_secs(20));
//! leases.renew(renewed, later)?;
//! let over = now.saturating_add(Micros::from_secs(31));
//! assert_eq!(leases.expire(over).len(), 1);
//! let left: Vec<&str> = merge([leases.records()]).map(|record| record.address.as_str()).collect();
//! assert_eq!(left, ["binding:USERS_A"]);
//! # Ok::<(), mesh_registry::leases::LeaseError>(())
//! ```
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod allowance;
pub mod checks;
pub mod kept;
pub mod leases;
pub mod limits;
pub mod merge;
pub mod record;
pub mod registry;
pub mod rollout;
pub mod shared;
pub mod sources;

/// The programs of the texts, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Texts;
