//! What a rule does to its traffic besides sending it on: origins and limits before a backend is
//! chosen, the choice itself where something pins it, faults and copies after it.

use super::{
    Machine, respond, state_mut,
    step::{Respond, Step},
};
use crate::{
    balance::rendezvous,
    concurrency::{
        Sample,
        gradient2::{Gradient2, Gradient2Config},
    },
    dice::Dice,
    hash::xxh64,
    limits::MIRRORS_MAX,
    method::Method,
    rate_limit::{Guarantee, Rate, Tier},
    reason::Reason,
    route::{RequestHead, key::key_value},
    snapshot::{
        row::View,
        tables::{Cors, KeySource, NONE, Rows, Rule, Service},
    },
    time::{Micros, Timestamp},
};

/// All of a share in millionths.
const WHOLE: u32 = 1_000_000;

/// What a fault does to a request.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Injected {
    /// Wait before anything else; zero = none.
    pub(super) delay: Micros,
    /// Status of the answer in place of the service's; 0 = none.
    pub(super) status: u16,
}

impl Machine {
    /// What stands before a rule's backends. A step where the request ends here.
    pub(super) fn admit(
        &mut self,
        rule: View<'_, Rule>,
        head: &RequestHead<'_>,
        now: Timestamp,
    ) -> Option<Step> {
        let cors = self.snapshot.cors().run(rule.cors()).next();
        if let Some(step) = cors.and_then(|row| self.cross_origin(&row, rule.cors().start, head)) {
            return Some(step);
        }
        self.limited(rule.limits(), head, now)
    }

    /// Notes an allowed origin; answers a preflight.
    fn cross_origin(&mut self, row: &Cors, number: u32, head: &RequestHead<'_>) -> Option<Step> {
        if self.hold(row.origins, head) {
            self.note().cors = number;
        }
        let preflight = head.method == Method::Options && self.hold(row.asks, head);
        // without an allowed origin the answer has none of the headers, which is a browser's "no"
        self.note().preflight = preflight;
        preflight.then_some(Step::Respond(Respond {
            status: 204,
            reason: Reason::None,
            location: false,
            backend: NONE,
        }))
    }

    /// Counts a request at limits, in order; an answer where one of them is reached.
    pub(super) fn limited(
        &mut self,
        limits: Rows,
        head: &RequestHead<'_>,
        now: Timestamp,
    ) -> Option<Step> {
        for number in limits.numbers() {
            let limit = self.snapshot.limits().view(number)?;
            let rate = Rate { interval: limit.interval(), burst: limit.burst() };
            let shared = limit.key().source == KeySource::Nothing as u8;
            // callers without a key share a bucket: leaving a header out must not lift the limit
            let value = key_value(&limit.key(), head, self.snapshot.routes()).unwrap_or(b"");
            let seed = limit.seed();
            let leased = if limit.tier() == Guarantee::Isolate as u8 {
                None
            } else {
                self.leases.take(number, xxh64(value, seed), &rate, now)
            };
            let (taken, guarantee) = match leased {
                Some((taken, true)) => (taken, Guarantee::from_u8(limit.tier())),
                Some((taken, false)) => (taken, Guarantee::Isolate),
                None if shared => (self.buckets.take_shared(seed, &rate, now), Guarantee::Isolate),
                None => {
                    let key = xxh64(value, seed ^ self.secret);
                    (self.buckets.take(key, &rate, now), Guarantee::Isolate)
                }
            };
            let notes = self.note();
            if !taken.allowed || notes.limit == NONE || taken.remaining < notes.remaining {
                notes.limit = number;
                notes.remaining = taken.remaining;
                notes.reset = taken.wait;
                notes.guarantee = guarantee;
            }
            if !taken.allowed {
                return Some(respond(429, Reason::RateLimited));
            }
        }
        None
    }

    /// The backend that something but weights and dice decides on.
    pub(super) fn held(
        &mut self,
        rule: View<'_, Rule>,
        number: u32,
        head: &RequestHead<'_>,
    ) -> Option<u32> {
        let table = self.snapshot.backends();
        for number in rule.backends().numbers() {
            let pins = table.view(number)?.pins();
            if pins.len > 0 && self.hold(pins, head) {
                return Some(number);
            }
        }
        let key = match key_value(&rule.sticky(), head, self.snapshot.routes()) {
            Some(value) => xxh64(value, 0),
            None if rule.sticky_cookie().len > 0 => {
                let drawn = self.dice.roll();
                let notes = self.note();
                notes.cookie = Some(drawn);
                notes.rule = number;
                xxh64(&hexadecimal(drawn), 0)
            }
            None => return None,
        };
        let table = self.snapshot.backends();
        let weights = table.views(rule.backends()).map(|backend| (backend.key(), backend.weight()));
        rule.backends().start.checked_add(rendezvous::pick(key, weights)?)
    }

    /// Rolls for the faults of a backend.
    pub(super) fn faults(&mut self, faults: Rows, head: &RequestHead<'_>) -> Injected {
        let mut injected = Injected::default();
        for number in faults.numbers() {
            let Some(fault) = self.snapshot.faults().get(number) else { break };
            if !self.hold(fault.conditions, head) {
                continue;
            }
            if self.hits(fault.delay_millionths) && self.delayed < u32::from(fault.active_max) {
                injected.delay = injected.delay.saturating_add(fault.delay);
            }
            if injected.status == 0 && self.hits(fault.abort_millionths) {
                injected.status = fault.abort_status;
            }
        }
        injected
    }

    /// Rolls for the copies of a request.
    #[inline]
    pub(super) fn copies(&mut self, mirrors: Rows) {
        for (bit, number) in (0..MIRRORS_MAX).zip(mirrors.numbers()) {
            let share = self.snapshot.mirrors().get(number).map_or(0, |row| row.millionths);
            if self.hits(share) {
                let notes = self.note();
                notes.first_mirror = mirrors.start;
                notes.mirrors |= 1 << bit;
            }
        }
    }

    /// A draw: true in that share of all.
    fn hits(&mut self, millionths: u32) -> bool {
        self.below(WHOLE) < millionths
    }

    /// A number below that one. Not inlined, as a roll is long.
    #[inline(never)]
    fn below(&mut self, bound: u32) -> u32 {
        self.dice.below(bound)
    }

    /// Whether the service has room for one request more of that priority; takes it then.
    pub(super) fn has_room(
        &mut self,
        number: u32,
        service: View<'_, Service>,
        percent: u8,
    ) -> bool {
        let Some(state) = state_mut(&mut self.services, number) else { return true };
        let state = state.load.get_or_insert_default();
        let config = limiter(service);
        if state.limiter.as_ref().is_none_or(|limiter| *limiter.config() != config) {
            state.limiter = Some(Gradient2::new(config));
        }
        let limit = state.limiter.as_ref().map_or(0, Gradient2::limit);
        let share = if percent == 0 { 100 } else { u32::from(percent) };
        let room = limit.saturating_mul(share) / 100;
        let free = state.in_flight < room.max(1);
        state.in_flight = state.in_flight.saturating_add(u32::from(free));
        free
    }

    /// Gives back a service's room; an answered request teaches how much there is.
    pub(super) fn give_room(&mut self, number: u32, latency: Option<Micros>) {
        let Some(state) = state_mut(&mut self.services, number) else { return };
        let Some(state) = &mut state.load else { return };
        let in_flight = state.in_flight;
        state.in_flight = in_flight.saturating_sub(1);
        if let (Some(latency), Some(limiter)) = (latency, &mut state.limiter) {
            limiter.on_sample(&Sample { latency, in_flight, dropped: false });
        }
    }

    /// Takes its share of the retry budget's floor that isolates hold together, in millionths.
    #[cfg(feature = "traffic")]
    pub fn set_share(&mut self, service: u32, millionths: u32) {
        let drawn = u16::try_from(self.below(1_000)).unwrap_or(0);
        if let Some(state) = state_mut(&mut self.services, service) {
            state.budget.share(millionths, drawn);
        }
    }

    /// Begins a concurrency limit where other isolates are with theirs; nothing where this one has
    /// learned its own, has no limit, or has had no request for it yet.
    pub fn set_limit(&mut self, service: u32, limit: u32) {
        let state = state_mut(&mut self.services, service);
        let load = state.and_then(|state| state.load.as_mut());
        if let Some(limiter) = load.and_then(|load| load.limiter.as_mut()).filter(|_| limit > 0) {
            limiter.begin_at(limit);
        }
    }

    /// True where all conditions of a run hold.
    fn hold(&self, conditions: Rows, head: &RequestHead<'_>) -> bool {
        self.snapshot.routes().all_hold(conditions, head)
    }
}

fn limiter(service: View<'_, Service>) -> Gradient2Config {
    Gradient2Config {
        initial: service.concurrency_initial().into(),
        min: service.concurrency_min().into(),
        max: service.concurrency_max().into(),
        ..Gradient2Config::DEFAULT
    }
}

/// A number as a sticky cookie's value: 16 digits, the highest first.
fn hexadecimal(number: u64) -> [u8; 16] {
    let mut text = [0; 16];
    for (place, digit) in (0u32..).zip(text.iter_mut().rev()) {
        let nibble = (number >> (4 * place) & 15) as u8;
        *digit = nibble + if nibble < 10 { b'0' } else { b'a' - 10 };
    }
    text
}
