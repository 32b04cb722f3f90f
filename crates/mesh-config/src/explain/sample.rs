//! Explanations of nothing in particular that have all fields: what can be asked of an explanation.

use super::{
    ExplainRequest, ExplainedAnswer, ExplainedBackend, ExplainedConcurrency, ExplainedCors,
    ExplainedFault, ExplainedLimit, ExplainedMirror, ExplainedOutliers, ExplainedSplit, Explainer,
    Explanation, Others, SplitBy,
};
use crate::{
    decode::{Cursor, Decode},
    diagnostic::Diagnostics,
    document::{
        CookieName, Coordinates, Document, HashKey, HashOn, HashSource, HeaderName, HeaderValue,
        HealthCheck, HedgePercentile, HedgeWhen, LimitTier, PathMatch, PathText, RequestPath,
        RetryCondition, RetryHeader, RetryPredicate, Routing, Rule, Service, ServiceName, Tag,
        TimeSpan,
    },
    node::Node,
};

/// A request that is sent on, one that is refused, and one that has all fields, with every kind of
/// value that they can have.
pub(crate) fn samples() -> Vec<Explanation> {
    let mut document = Document::default();
    document.services.insert("a".to_owned(), Service::default());
    let rule = Rule {
        path: PathText::parse("/a").ok().map(PathMatch::Text),
        service: ServiceName::parse("a").ok(),
        ..Rule::default()
    };
    document.routing = Some(Routing { rules: Some(vec![rule]) });
    let Ok(mut explainer) = Explainer::after(&document, Diagnostics::default()) else {
        return Vec::new();
    };
    let mut explain = |url: &str| {
        let request = ExplainRequest { url: url.to_owned(), ..ExplainRequest::default() };
        explainer.explain(&request, Others::Told)
    };
    let (plain, refused) = (explain("/a"), explain("/"));
    let full = full(plain.clone(), &refused);
    vec![plain, refused, full]
}

fn full(mut sample: Explanation, refused: &Explanation) -> Explanation {
    sample.request.path_as_given = Some(String::new());
    sample.refused.clone_from(&refused.refused);
    sample.answer = Some(ExplainedAnswer {
        location: Some(String::new()),
        body: Some(String::new()),
        edits: texts(),
        ..ExplainedAnswer::default()
    });
    sample.others.clone_from(&refused.others);
    sample.others.iter_mut().for_each(|other| other.won_by = Some(String::new()));
    if let Some(rule) = &mut sample.rule {
        rule.params.insert(String::new(), String::new());
        rule.edits = texts();
        rule.rewrite = Some(String::new());
        rule.redirect = Some(String::new());
        rule.direct_response = Some(String::new());
        rule.cors = Some(ExplainedCors {
            origin: Some(String::new()),
            allowed: true,
            preflight: true,
            edits: texts(),
        });
        rule.limits = limits();
        rule.split = Some(ExplainedSplit {
            by: SplitBy::Weights,
            backend: Some(0),
            cookie: Some(String::new()),
            why: String::new(),
        });
    }
    let backends = core::mem::take(&mut sample.backends);
    let of_each = |one: ExplainedBackend| {
        let hedges = [
            Some(HedgeWhen::After(TimeSpan::default())),
            HedgePercentile::new(95).map(HedgeWhen::Percentile),
        ];
        let checks = [health_check(), RequestPath::parse("/").ok().map(HealthCheck::Path)];
        let variants = keys().into_iter().zip(hedges.into_iter().zip(checks).cycle());
        let variant = move |(key, (hedge, check)): (HashOn, (_, _))| {
            let mut backend = backend(one.clone());
            backend.policy.hash_on = Some(key);
            backend.policy.balancer_code = Tag::parse("code").ok();
            backend.policy.hedge = hedge;
            backend.service.health_check = check;
            backend
        };
        variants.map(variant).collect::<Vec<_>>()
    };
    sample.backends = backends.into_iter().flat_map(of_each).collect();
    sample
}

fn backend(mut sample: ExplainedBackend) -> ExplainedBackend {
    sample.chosen = Some(true);
    sample.pins = texts();
    sample.version = Some(String::new());
    if let Some(sent) = &mut sample.sent {
        sent.host = Some(String::new());
        sent.edits = texts();
    }
    sample.mirrors = vec![ExplainedMirror { service: String::new(), percent: 0.0 }];
    sample.faults = vec![ExplainedFault {
        conditions: texts(),
        holds: true,
        delay: Some(TimeSpan::default()),
        delay_percent: 0.0,
        abort_status: Some(0),
        abort_percent: 0.0,
        max_active: 0,
    }];
    sample.policy.retries.on.extend(conditions());
    sample.policy.fallback = Some(String::new());
    sample.service.breaker.slow_after = Some(TimeSpan::default());
    sample.service.limits = limits();
    sample.service.concurrency = Some(ExplainedConcurrency { initial: 0, min: 0, max: 0 });
    sample.service.outlier_detection = Some(ExplainedOutliers::default());
    for endpoint in &mut sample.endpoints {
        endpoint.version = Some(String::new());
        endpoint.in_version = Some(true);
        endpoint.region = Some(String::new());
        endpoint.colo = Some(String::new());
        endpoint.location = coordinates();
        endpoint.capabilities = texts();
    }
    sample
}

fn limits() -> Vec<ExplainedLimit> {
    let limit = |by: HashOn| ExplainedLimit {
        name: String::new(),
        requests: 0,
        per: TimeSpan::default(),
        burst: 0,
        by: Some(by),
        tier: LimitTier::Local,
        value: Some(String::new()),
    };
    keys().into_iter().map(limit).collect()
}

/// A key of each kind.
fn keys() -> Vec<HashOn> {
    let header = HeaderName::parse("a").ok().map(HashKey::Header);
    let cookie = CookieName::parse("a").ok().map(HashKey::Cookie);
    let query = Tag::parse("a").ok().map(HashKey::Query);
    let named = [header, cookie, query].into_iter().flatten().map(HashOn::Key);
    core::iter::once(HashOn::Source(HashSource::Path)).chain(named).collect()
}

/// The conditions of a retry that are no text.
fn conditions() -> Vec<RetryCondition> {
    let header = HeaderName::parse("a").ok().map(|header| {
        RetryCondition::Header(RetryHeader { header, value: HeaderValue::parse("a").ok() })
    });
    let predicate = Tag::parse("a").ok();
    let predicate =
        predicate.map(|predicate| RetryCondition::Predicate(RetryPredicate { predicate }));
    header.into_iter().chain(predicate).collect()
}

/// A health check with all settings.
fn health_check() -> Option<HealthCheck> {
    let text = |text: &str| Node::Text(text.to_owned());
    let statuses = Node::List(vec![Node::Number(200.0)]);
    decoded(vec![
        ("path", text("/")),
        ("interval", text("1s")),
        ("jitter", Node::Number(1.0)),
        ("timeout", text("1s")),
        ("expectedStatus", statuses),
        ("healthyThreshold", Node::Number(1.0)),
        ("unhealthyThreshold", Node::Number(1.0)),
    ])
}

fn coordinates() -> Option<Coordinates> {
    decoded(vec![("latitude", Node::Number(0.0)), ("longitude", Node::Number(0.0))])
}

fn decoded<T: Decode>(fields: Vec<(&str, Node)>) -> Option<T> {
    let fields = fields.into_iter().map(|(name, node)| (name.to_owned(), node));
    T::decode(&Node::Object(fields.collect()), &mut Cursor::default())
}

fn texts() -> Vec<String> {
    vec![String::new()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Fact;

    /// The fields that no sample has a value for.
    fn gaps(facts: &Fact, path: &str, found: &mut Vec<String>) {
        match facts {
            Fact::Absent => found.push(path.to_owned()),
            Fact::List(items) if items.is_empty() => found.push(path.to_owned()),
            Fact::List(items) => items.iter().for_each(|item| gaps(item, path, found)),
            Fact::Fields(entries) | Fact::Map(entries) => {
                entries
                    .iter()
                    .for_each(|(name, fact)| gaps(fact, &format!("{path}.{name}"), found));
            }
            Fact::Bool(_) | Fact::Number(_) | Fact::Span(_) | Fact::Text(_) => {}
        }
    }

    #[test]
    fn one_has_every_field() {
        let samples = samples();
        let [_, _, full] = samples.as_slice() else { panic!("{samples:?}") };
        let mut found = Vec::new();
        gaps(&Fact::of(full), "", &mut found);
        assert_eq!(found, Vec::<String>::new());
    }
}
