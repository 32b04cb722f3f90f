//! What an expectation is about: which part of an explanation each of its names stands for.

use alloc::borrow::Cow;

use crate::{
    explain::samples,
    facts::{Fact, live, shares},
    node::Node,
};

/// A part of an explanation that a name is looked up in.
#[derive(Clone, Copy, Debug)]
pub(super) enum Section {
    /// A part of the whole.
    Whole(&'static [&'static str]),
    /// A part of each backend that gets requests.
    Each(&'static [&'static str]),
}

/// Where a name is looked up, in this order.
const SECTIONS: [Section; 7] = [
    Section::Whole(&[]),
    Section::Each(&["sent"]),
    Section::Whole(&["answer"]),
    Section::Each(&["policy"]),
    Section::Whole(&["rule"]),
    Section::Each(&["service"]),
    Section::Each(&[]),
];

/// Names that stand for a field of another name.
const SHORT_NAMES: [(&str, &str); 1] = [("reason", "refused")];

/// Names that stand for no single field.
pub(super) const TIMEOUT: &str = "timeout";
pub(super) const REQUEST_HEADERS: &str = "requestHeaders";
pub(super) const RESPONSE_HEADERS: &str = "responseHeaders";

/// One thing that is expected.
#[derive(Clone, Debug)]
pub(super) struct Asked<'n> {
    /// The names that lead to it: `["timeout", "attempt"]`.
    pub(super) keys: Vec<&'n str>,
    /// The field of an explanation that it is about.
    pub(super) field: Cow<'n, str>,
    pub(super) node: &'n Node,
}

impl<'n> Asked<'n> {
    /// What a name of an expectation asks.
    pub(super) fn of(name: &'n str, node: &'n Node) -> Vec<Self> {
        if name != TIMEOUT {
            let short = SHORT_NAMES.iter().find(|(short, _)| *short == name);
            let field = short.map_or(name, |(_, field)| *field);
            return vec![Self { keys: vec![name], field: Cow::Borrowed(field), node }];
        }
        let Node::Object(fields) = node else {
            let field = Cow::Borrowed("requestTimeout");
            return vec![Self { keys: vec![name], field, node }];
        };
        let one = |(part, node): &'n (String, Node)| Self {
            keys: vec![name, part],
            field: Cow::Owned(format!("{part}Timeout")),
            node,
        };
        fields.iter().map(one).collect()
    }
}

/// A part of an explanation that is compared.
#[derive(Clone, Debug)]
pub(super) struct Subject<'f> {
    /// The backend that it is a part of, where there are several.
    pub(super) backend: Option<String>,
    pub(super) fact: &'f Fact,
}

/// The fields that explanations have.
#[derive(Debug)]
pub(super) struct Shapes(Vec<Fact>);

impl Shapes {
    /// Learns them from explanations that have all of them.
    pub(super) fn known() -> Self {
        Self(samples().iter().map(Fact::of).collect())
    }

    /// Where a field is found; `None` where no explanation has it.
    pub(super) fn section(&self, field: &str, facts: &Fact) -> Option<Section> {
        let has = |section: &Section| {
            self.of(facts)
                .any(|shape| section.all_in(shape).any(|part| part.entry(field).is_some()))
        };
        SECTIONS.into_iter().find(|section| has(section))
    }

    /// What is known of the field of a section, from every explanation.
    pub(super) fn examples<'f>(
        &'f self,
        section: Section,
        field: &str,
        facts: &'f Fact,
    ) -> Vec<&'f Fact> {
        self.of(facts).flat_map(|shape| section.all_in(shape)).map(|part| part.at(field)).collect()
    }

    /// All names that an expectation may have.
    pub(super) fn names<'f>(&'f self, facts: &'f Fact) -> Vec<&'f str> {
        let short = SHORT_NAMES.iter().map(|(short, _)| *short);
        let mut names: Vec<&str> =
            short.chain([TIMEOUT, REQUEST_HEADERS, RESPONSE_HEADERS]).collect();
        for section in SECTIONS {
            let parts = self.of(facts).flat_map(|shape| section.all_in(shape));
            for (name, _) in parts.flat_map(Fact::entries) {
                if !names.contains(&name.as_str()) {
                    names.push(name);
                }
            }
        }
        names
    }

    fn of<'f>(&'f self, facts: &'f Fact) -> impl Iterator<Item = &'f Fact> {
        self.0.iter().chain([facts])
    }
}

impl Section {
    /// The parts that it names, whether they get requests or not.
    fn all_in(self, facts: &Fact) -> impl Iterator<Item = &Fact> {
        let (path, owners) = match self {
            Self::Whole(path) => (path, core::slice::from_ref(facts)),
            Self::Each(path) => (path, facts.at("backends").items()),
        };
        owners.iter().map(move |owner| owner.at_path(path))
    }

    /// The values of a field of it, of each backend that gets requests.
    pub(super) fn subjects<'f>(self, field: &str, facts: &'f Fact) -> Vec<Subject<'f>> {
        match self {
            Self::Whole(path) => {
                vec![Subject { backend: None, fact: facts.at_path(path).at(field) }]
            }
            Self::Each(path) => {
                let live = live(facts);
                let several = live.len() > 1;
                let one = |(name, backend): (String, &'f Fact)| Subject {
                    backend: Some(name).filter(|_| several),
                    fact: backend.at_path(path).at(field),
                };
                live.into_iter().map(one).collect()
            }
        }
    }
}

/// The backends that get requests, with their shares, or that there are none and why.
pub(super) fn destination(facts: &Fact) -> String {
    let shares = shares(facts);
    if !shares.is_empty() {
        return shares;
    }
    match (facts.at("refused").text(), facts.at_path(&["answer", "status"])) {
        (Some(reason), _) => format!("nothing sent: {reason}"),
        (None, Fact::Absent) => "nothing sent".to_owned(),
        (None, status) => format!("nothing sent: the mesh answered {status}"),
    }
}
