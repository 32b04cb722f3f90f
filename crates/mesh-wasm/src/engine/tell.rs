//! What the host tells outside a request's steps.

#[cfg(feature = "traffic")]
use mesh_core::time::Micros;
use mesh_core::{machine::Ticket, snapshot::tables::Health};

use super::{Engine, abi::tell, timestamp};

impl Engine {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "row numbers are exact in a float, and a cast back saturates"
    )]
    pub(crate) fn tell(&mut self, what: u32, first: f64, second: f64) {
        match what {
            tell::SEED => {
                let (high, low) = (first as u32, second as u32);
                self.machine.seed(u64::from(high) << 32 | u64::from(low));
            }
            tell::REACHABLE => self.machine.set_reachable(first as u32, second > 0.0),
            #[cfg(feature = "observe")]
            tell::LISTEN => self.events.listen(first > 0.0),
            #[cfg(feature = "balancers")]
            tell::LOCATION => self.input.locate(first, second),
            #[cfg(feature = "traffic")]
            tell::LEASE_KEY => {
                self.lease_key = u64::from(first as u32) << 32 | u64::from(second as u32);
            }
            #[cfg(feature = "traffic")]
            tell::LEASE => {
                let interval = Micros(first as u64);
                self.machine.leases().grant(self.lease_key, interval, timestamp(second));
            }
            #[cfg(feature = "traffic")]
            tell::SHARE => self.machine.set_share(first as u32, second as u32),
            #[cfg(feature = "traffic")]
            tell::LIMIT => self.machine.set_limit(first as u32, second as u32),
            tell::ABANDON => {
                let ticket = Ticket::from_raw(first as u32);
                self.machine.abandon(ticket, timestamp(second), &mut self.events);
            }
            tell::HEALTHY | tell::UNHEALTHY | tell::DRAINING => {
                let health = match what {
                    tell::HEALTHY => Health::Healthy,
                    tell::DRAINING => Health::Draining,
                    _ => Health::Unhealthy,
                };
                self.machine.set_health(first as u32, health, timestamp(second));
            }
            _ => {}
        }
    }
}
