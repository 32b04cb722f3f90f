//! One service that isolates share: its endpoints, and what each isolate told last.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};

use mesh_core::{
    dice::Dice,
    outlier::{Ejection, OutlierDetector, OutlierEvent},
    time::{Micros, Timestamp},
};

use super::{Change, Ejected, Hint, Host, Reporter, ServiceReport, SharedConfig};
use crate::record::Identity;

/// Isolates that open breakers must be seen in, whatever the percentage: one alone has its own.
const OPEN_ISOLATES_MIN: usize = 2;
/// An isolate is forgotten after so many of its reports' times.
const REPORTS_KEPT: u64 = 3;
/// How often isolates tell, as far as that is believed.
const EVERY: (Micros, Micros) = (Micros::from_secs(1), Micros::from_secs(300));

/// What an isolate told last.
#[derive(Clone, Debug)]
struct Told {
    until: Timestamp,
    per_second: f64,
    limit: Option<u32>,
    /// Endpoints whose breaker opened there, and did not close since.
    open: BTreeSet<Identity>,
}

/// See the head of this file.
#[derive(Clone, Debug, Default)]
pub(super) struct SharedService {
    config: SharedConfig,
    /// The endpoints, by their number in the detector.
    hosts: Vec<Identity>,
    places: BTreeMap<Identity, usize>,
    detector: Option<OutlierDetector>,
    isolates: BTreeMap<u64, Told>,
}

impl SharedService {
    /// Takes the settings and the endpoints of now.
    pub(super) fn sync(&mut self, config: SharedConfig, hosts: &[Host]) {
        self.config = config;
        match (&mut self.detector, config.outliers) {
            (Some(detector), Some(outliers)) => detector.reconfigure(outliers),
            // as if it had been judged long ago: the first report is not lost where no other comes
            (detector, Some(outliers)) => {
                *detector = Some(OutlierDetector::new(outliers, 0, Timestamp::ZERO));
                self.hosts.clear();
                self.places.clear();
            }
            (detector, None) => *detector = None,
        }
        if !hosts.iter().map(|(endpoint, _)| endpoint).eq(&self.hosts) {
            let had = hosts.iter().map(|(endpoint, _)| self.places.get(endpoint).copied());
            if let Some(detector) = &mut self.detector {
                detector.renumber(had);
            }
            self.hosts = hosts.iter().map(|(endpoint, _)| *endpoint).collect();
            self.places = self.hosts.iter().enumerate().map(|(at, one)| (*one, at)).collect();
        }
        if let Some(detector) = &mut self.detector {
            for (at, (_, up)) in hosts.iter().enumerate() {
                detector.set_down(at, !up);
            }
        }
    }

    pub(super) fn reporters(&self) -> usize {
        self.isolates.len()
    }

    /// Forgets isolates that did not tell for too long.
    pub(super) fn forget(&mut self, now: Timestamp) {
        self.isolates.retain(|_, told| told.until > now);
    }

    /// Takes what an isolate saw. `room` = whether one more may be remembered.
    pub(super) fn take(
        &mut self,
        Reporter { isolate, every }: Reporter,
        report: &ServiceReport,
        room: bool,
        now: Timestamp,
    ) -> Option<Hint> {
        let every = every.clamp(EVERY.0, EVERY.1);
        self.forget(now);
        let per_second = f64::from(report.requests) / every.as_secs_f64();
        let until = now.saturating_add(every.saturating_mul(REPORTS_KEPT));
        let open = self.isolates.remove(&isolate).map(|told| told.open);
        let known = open.is_some();
        let open = self.tally(report, open.unwrap_or_default());
        if known || room {
            let told = Told { until, per_second, limit: report.limit, open };
            self.isolates.insert(isolate, told);
        }
        self.config.hints.then(|| self.hint(isolate, per_second, report.limit))
    }

    /// Counts results; which breakers are open after them.
    fn tally(
        &mut self,
        report: &ServiceReport,
        mut open: BTreeSet<Identity>,
    ) -> BTreeSet<Identity> {
        let Some(detector) = &mut self.detector else { return BTreeSet::new() };
        for one in &report.endpoints {
            let Some(&host) = self.places.get(&one.endpoint) else { continue };
            let failures = one.failures.min(one.attempts);
            // an endpoint beyond those that a detector takes is not judged
            let _known = detector.tally(host, one.attempts.saturating_sub(failures), failures);
            if !one.open || detector.is_ejected(host) {
                open.remove(&one.endpoint);
            } else if one.opened > 0 {
                // that it is open alone says nothing: nobody closes the breaker of one that was ejected
                open.insert(one.endpoint);
            }
        }
        open
    }

    fn hint(&self, isolate: u64, per_second: f64, limit: Option<u32>) -> Hint {
        let others = self.isolates.iter().filter(|(other, _)| **other != isolate);
        let mut limits: Vec<u32> = others.clone().filter_map(|(_, told)| told.limit).collect();
        let all = others.map(|(_, told)| told.per_second).sum::<f64>() + per_second;
        let count = self.isolates.keys().filter(|other| **other != isolate).count();
        let equal = 1.0 / f64::from(u32::try_from(count).unwrap_or(u32::MAX).saturating_add(1));
        let own = if all > 0.0 { per_second / all } else { equal };
        limits.sort_unstable();
        let median = limits.get(limits.len() / 2).copied();
        Hint {
            retry_share: f64::midpoint(own, equal),
            concurrency: median.filter(|_| limit.is_none()),
        }
    }

    /// Judges what is due, and what that isolate has just said of breakers.
    pub(super) fn judge(
        &mut self,
        isolate: u64,
        now: Timestamp,
        dice: &mut impl Dice,
        sink: &mut impl FnMut(Change, Option<Ejected>),
    ) {
        let suspects = self.suspects(isolate);
        let Some(detector) = &mut self.detector else { return };
        let mut events = Vec::new();
        detector.sweep(now, dice, &mut |event| events.push(event));
        for host in suspects {
            detector.eject_known(host, now, dice, &mut |event| events.push(event));
        }
        for event in events {
            match event {
                OutlierEvent::Ejected { host, reason } => {
                    let Some(&endpoint) = self.hosts.get(host) else { continue };
                    for told in self.isolates.values_mut() {
                        told.open.remove(&endpoint);
                    }
                    sink(Change::Ejected(endpoint, reason), self.of(host));
                }
                OutlierEvent::Unejected { host } => {
                    let Some(&endpoint) = self.hosts.get(host) else { continue };
                    sink(Change::Returned(endpoint), None);
                }
                _ => {}
            }
        }
    }

    /// The endpoints whose breaker is open in that isolate and in too many.
    fn suspects(&self, isolate: u64) -> Vec<usize> {
        let percent = usize::from(self.config.open_isolates_percent);
        let told = self.isolates.get(&isolate).filter(|_| percent > 0);
        let open = told.into_iter().flat_map(|told| &told.open);
        let too_many = open.filter(|endpoint| {
            let those = self.isolates.values().filter(|told| told.open.contains(endpoint)).count();
            let share = those.saturating_mul(100);
            those >= OPEN_ISOLATES_MIN && share >= percent.saturating_mul(self.isolates.len())
        });
        too_many.filter_map(|endpoint| self.places.get(endpoint).copied()).collect()
    }

    /// Ends ejections whose time is over.
    pub(super) fn release(&mut self, now: Timestamp) {
        if let Some(detector) = &mut self.detector {
            detector.release(now, &mut |_| {});
        }
    }

    /// What is ejected.
    pub(super) fn ejected(&self) -> impl Iterator<Item = (Identity, Ejected)> {
        let hosts = self.hosts.iter().enumerate();
        hosts.filter_map(|(host, endpoint)| Some((*endpoint, self.of(host)?)))
    }

    fn of(&self, host: usize) -> Option<Ejected> {
        let detector = self.detector.as_ref()?;
        let Ejection { reason, at, times, .. } = detector.ejection(host)?;
        Some(Ejected { reason, at, until: detector.until(host)?, times })
    }

    /// Goes on with an ejection; when it is over by the settings of now. `None` where the endpoint is
    /// not of this service.
    pub(super) fn restore(&mut self, endpoint: Identity, ejected: Ejected) -> Option<Ejected> {
        let host = *self.places.get(&endpoint)?;
        let Ejected { reason, at, times, .. } = ejected;
        self.detector.as_mut()?.restore(host, Ejection { reason, at, times, jitter: Micros::ZERO });
        self.of(host)
    }
}
