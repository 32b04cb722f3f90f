//! A short list of path patterns, tried one by one: the table of a Worker's own handlers.
//!
//! It means the same as a [`super::RouteTable`] of the same templates (a property test holds the
//! two together), but needs no tree to be built, whose code would be a fifth of the engine. A
//! pattern that does not fit costs a few nanoseconds, so hundreds of paths belong into rules.

use alloc::vec::Vec;

use super::pattern::{PathKind, PatternError, Segment, Segments, check};
use crate::{
    method::{Method, MethodSet},
    snapshot::{sections::text_of, tables::Text},
};

/// Literal segments that a rank can tell apart; later ones count as equal.
const RANKED_SEGMENTS: u32 = 48;

#[derive(Clone, Copy, Debug)]
struct Entry {
    pattern: Text,
    /// Bytes before the first parameter or star, which a path must begin with.
    head: usize,
    /// Slashes of a path that fits; 0 where the path may go on.
    slashes: usize,
    methods: MethodSet,
    /// Greater is better: whole paths, then deep prefixes, then early literals, then methods.
    rank: u64,
}

/// Patterns with methods, in the order of their numbers.
#[derive(Clone, Debug, Default)]
pub struct HandlerList {
    text: Vec<u8>,
    entries: Vec<Entry>,
}

impl HandlerList {
    /// Adds a template for some methods ([`MethodSet::NONE`] = any); earlier ones win ties.
    ///
    /// # Errors
    /// [`PatternError`] where the template could never match, or is ill-formed.
    pub fn add(&mut self, methods: MethodSet, template: &[u8]) -> Result<(), PatternError> {
        check(PathKind::Template, template)?;
        // never 0, which is the rank of nothing
        let mut rank = 1 << 63 | 2 | u64::from(methods != MethodSet::NONE);
        for (depth, segment) in (0u32..).zip(Segments::new(PathKind::Template, template)) {
            match segment {
                Segment::Open => rank = rank & !(1 << 63) | u64::from(depth) << 56,
                Segment::Literal(_) if depth < RANKED_SEGMENTS => rank |= 1 << (55 - depth),
                Segment::Literal(_) | Segment::Param(_) => {}
            }
        }
        let head = template.iter().position(|byte| matches!(byte, b'{' | b'*'));
        let open = rank >> 63 == 0;
        // `/a/*` takes `/a` too
        let head = head.map_or(template.len(), |at| if open { at.saturating_sub(1) } else { at });
        let slashes = if open { 0 } else { slashes_in(template) };
        let start = u32::try_from(self.text.len()).unwrap_or(0);
        self.text.extend_from_slice(template);
        let len = u32::try_from(template.len()).unwrap_or(0);
        self.entries.push(Entry { pattern: Text { start, len }, head, slashes, methods, rank });
        Ok(())
    }

    /// The number of the best pattern for a path in normal form, or the methods for which there
    /// would be one.
    ///
    /// # Errors
    /// The methods that some pattern of that path takes; none where no pattern fits.
    pub fn find(&self, method: Method, path: &[u8]) -> Result<u32, MethodSet> {
        let (mut best, mut best_rank) = (None, 0);
        let mut others = MethodSet::NONE;
        let slashes = slashes_in(path);
        for (number, entry) in (0u32..).zip(&self.entries) {
            let takes = entry.methods == MethodSet::NONE
                || entry.methods.contains(method)
                // a handler of GET answers HEAD, whose body the platform leaves out
                || method == Method::Head && entry.methods.contains(Method::Get);
            if takes && entry.rank <= best_rank || entry.slashes != 0 && entry.slashes != slashes {
                continue;
            }
            let template = text_of(&self.text, entry.pattern);
            if path.get(..entry.head) != template.get(..entry.head) || !fits(template, path) {
                continue;
            }
            if takes {
                (best, best_rank) = (Some(number), entry.rank);
            } else {
                others = others.union(entry.methods);
            }
        }
        best.ok_or(others)
    }

    /// Start and length in `path` of each parameter of pattern `number`, which fits it, then those of
    /// what its star matched.
    pub fn param_spans(&self, number: u32, path: &[u8], mut span: impl FnMut(u32, u32)) {
        let Some(entry) = self.entries.get(number as usize) else { return };
        let mut start = 1usize;
        for segment in Segments::new(PathKind::Template, text_of(&self.text, entry.pattern)) {
            // `/a/*` takes `/a` too, with nothing behind it
            start = start.min(path.len());
            let rest = path.get(start..).unwrap_or(&[]);
            let end = rest.iter().position(|&byte| byte == b'/').unwrap_or(rest.len());
            let len = if segment == Segment::Open { rest.len() } else { end };
            if !matches!(segment, Segment::Literal(_)) {
                span(u32::try_from(start).unwrap_or(0), u32::try_from(len).unwrap_or(0));
            }
            start = start.saturating_add(len).saturating_add(1);
        }
    }
}

fn slashes_in(path: &[u8]) -> usize {
    path.iter().filter(|&&byte| byte == b'/').count()
}

/// True where the template takes the whole path.
fn fits(template: &[u8], path: &[u8]) -> bool {
    let mut rest = path.get(1..);
    for segment in Segments::new(PathKind::Template, template) {
        if segment == Segment::Open {
            return true;
        }
        let Some(current) = rest else { return false };
        let at = current.iter().position(|&byte| byte == b'/').unwrap_or(current.len());
        let found = current.get(..at).unwrap_or(&[]);
        let same = match segment {
            Segment::Literal(label) => label == found,
            Segment::Param(_) | Segment::Open => !found.is_empty(),
        };
        if !same {
            return false;
        }
        rest = current.get(at.saturating_add(1)..).filter(|_| at < current.len());
    }
    rest.is_none()
}
