//! Each case of the suite, tried at both levels.

use std::{collections::BTreeMap, path::Path, rc::Rc};

use mesh_config::{
    compile,
    gateway_api::{Entry, Import},
};

use crate::{
    case::{Case, Distribution, Expect, Suite},
    cluster::Cluster,
    drive::Driver,
    host::{Host, Request},
    judge::Judge,
    workerd::{Gateway, Workerd, Worlds},
};

/// A case with what its manifests became.
#[derive(Debug)]
pub(crate) struct Prepared<'s> {
    pub(crate) case: &'s Case,
    ready: Result<Ready, String>,
}

#[derive(Debug)]
struct Ready {
    cluster: Rc<Cluster>,
    import: Rc<Import>,
    entry: Entry,
    world: usize,
}

/// Why a case is unmet.
#[derive(Debug)]
pub(crate) struct Unmet {
    pub(crate) why: String,
    /// True where a feature is not built, in place of a wrong decision.
    pub(crate) lacking: bool,
}

/// Imports what each case needs.
pub(crate) fn prepare<'s>(
    suite: &'s Suite,
    folder: &Path,
    worlds: &mut Worlds,
) -> Vec<Prepared<'s>> {
    let mut prepared = Vec::new();
    for test in &suite.tests {
        let mut cluster = Cluster::of(test, folder);
        let mut imported = import(&cluster);
        for case in &test.cases {
            if let Some(step) = &case.step {
                cluster = cluster.and_then(|mut cluster| cluster.step(step).map(|()| cluster));
                imported = import(&cluster);
                continue;
            }
            let ready = imported.clone().and_then(|(cluster, import)| {
                let entry = cluster.entry(case)?;
                let document = serde_json::to_value(import.document(&entry));
                let world = worlds.add(document.map_err(|error| error.to_string())?, &import);
                Ok(Ready { cluster, import, entry, world })
            });
            prepared.push(Prepared { case, ready });
        }
    }
    prepared
}

type Imported = Result<(Rc<Cluster>, Rc<Import>), String>;

fn import(cluster: &Result<Cluster, String>) -> Imported {
    let cluster = cluster.as_ref().map_err(Clone::clone)?;
    Ok((Rc::new(cluster.clone()), Rc::new(cluster.import()?)))
}

impl Prepared<'_> {
    /// Tries it in the machine.
    pub(crate) fn decided(&self) -> Result<(), Unmet> {
        self.tried(|ready| {
            let document = ready.import.document(&ready.entry);
            let compiled = compile(&document).map_err(|found| found.to_string())?;
            let headers = &self.case.backend_set_response_headers;
            let mut driver = Driver::new(&compiled.snapshot, headers)?;
            self.judged(ready, &mut driver)
        })
    }

    /// Tries it in Workers.
    pub(crate) fn served(&self, workerd: &mut Workerd) -> Result<(), Unmet> {
        self.tried(|ready| self.judged(ready, &mut Gateway { workerd, world: ready.world }))
    }

    fn tried(
        &self,
        judged: impl FnOnce(&Ready) -> Result<Option<String>, String>,
    ) -> Result<(), Unmet> {
        let lacks = self.case.lacks();
        let why = match (&lacks, &self.ready) {
            (Some(_), _) => Some(String::new()),
            (None, Ok(ready)) => judged(ready).unwrap_or_else(Some),
            (None, Err(why)) => Some(why.clone()),
        };
        let Some(why) = why else { return Ok(()) };
        let unsupported = || {
            let ready = self.ready.as_ref().ok()?;
            ready.cluster.unsupported(self.case, &ready.import)
        };
        let lacking = lacks.map(|lacks| format!("cannot be: {lacks}"));
        let Some(lacking) = lacking.or_else(|| Some(format!("not built: {}", unsupported()?)))
        else {
            return Err(Unmet { why, lacking: false });
        };
        let what = if why.is_empty() { why } else { format!(" ({why})") };
        Err(Unmet { why: format!("{lacking}{what}"), lacking: true })
    }

    /// The first difference from what is expected; `Err` where no answer came.
    fn judged(&self, ready: &Ready, host: &mut impl Host) -> Result<Option<String>, String> {
        let Self { case, .. } = self;
        if let Some(unknown) = case.unknown() {
            return Err(format!("the case asks for `{unknown}`, which is not checked here"));
        }
        let mut request = Request::of(case.request.as_ref().ok_or("a case without request")?);
        for mirrored in &case.expect.mirrored_to {
            let services = ready.import.services().iter();
            let mut fit = services.filter(|one| ready.cluster.is_mirror(mirrored, one));
            request.watched.extend(fit.next().map(|one| one.service.as_str().to_owned()));
        }
        let judge = Judge { cluster: &ready.cluster, import: &ready.import, request: &request };
        let Some(expected) = &case.expect.distribution else {
            let answer = host.ask(&request, &case.expect)?;
            return Ok(judge.differs(&case.expect, &answer));
        };
        let mut last = None;
        for turn in 0..expected.max_attempts.max(1) {
            host.restart(turn)?;
            last = shares(&judge, &case.expect, expected, host)?;
            if last.is_none() {
                break;
            }
        }
        Ok(last)
    }
}

/// Sends many requests and counts who got them.
fn shares(
    judge: &Judge<'_>,
    expect: &Expect,
    expected: &Distribution,
    host: &mut impl Host,
) -> Result<Option<String>, String> {
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..expected.total_requests {
        let answer = host.ask(judge.request, expect)?;
        if let Some(why) = judge.differs(expect, &answer) {
            return Ok(Some(why));
        }
        let service = answer.sent.map(|sent| sent.service).unwrap_or_default();
        let known = judge.import.services().iter().find(|one| one.service.as_str() == service);
        *counts.entry(known.map_or(service, |one| one.name.clone())).or_default() += 1;
    }
    let names = expected.weights.keys().chain(counts.keys());
    let wrong = names.into_iter().find_map(|name| {
        let wished = expected.weights.get(name).copied().unwrap_or(0.0);
        let share = f64::from(counts.get(name).copied().unwrap_or(0))
            / f64::from(expected.total_requests.max(1));
        let none = wished <= 0.0 && share > 0.0;
        let far = (share - wished).abs() > expected.tolerance_abs;
        (none || far).then(|| format!("{name} got {share:.3} of the requests, expected {wished}"))
    });
    Ok(wrong)
}
