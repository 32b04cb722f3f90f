//! The known name that a mistyped one was probably meant to be.

/// The nearest of `known` to `typed`, where one is near enough to be worth saying: another case or
/// other separators at any length, else a small number of wrong, missing, extra or swapped letters.
pub(crate) fn nearest<'a>(
    typed: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    if typed.is_empty() || typed.len() > 64 {
        return None;
    }
    let plain = |text: &str| -> Vec<char> {
        let letters = text.chars().filter(|c| c.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect()
    };
    let typed = plain(typed);
    let allowed = match typed.len() {
        0..=2 => 0,
        3..=5 => 1,
        6..=9 => 2,
        _ => 3,
    };
    let measured = known.into_iter().map(|name| (distance(&typed, &plain(name)), name));
    measured.filter(|(far, _)| *far <= allowed).min_by_key(|(far, _)| *far).map(|(_, name)| name)
}

/// Edits that turn `a` into `b`, where swapping two neighbours is one edit (optimal string
/// alignment). Quadratic in lengths that the caller bounds.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut row = vec![i.saturating_add(1)];
        for (j, to) in b.iter().enumerate() {
            let at =
                |line: &[usize], column: usize| line.get(column).copied().unwrap_or(usize::MAX);
            let replaced = at(&above, j).saturating_add(usize::from(from != to));
            let removed = at(&above, j.saturating_add(1)).saturating_add(1);
            let added = at(&row, j).saturating_add(1);
            let mut best = replaced.min(removed).min(added);
            let swapped = i > 0
                && j > 0
                && a.get(i.wrapping_sub(1)) == Some(to)
                && b.get(j.wrapping_sub(1)) == Some(from);
            if swapped {
                best = best.min(at(&before, j.wrapping_sub(1)).saturating_add(1));
            }
            row.push(best);
        }
        before = core::mem::replace(&mut above, row);
    }
    above.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_typos_swaps_and_other_spellings() {
        let known = ["timeout", "retries", "loadBalancer", "on", "healthCheck"];
        for (typed, expected) in [
            ("timout", Some("timeout")),
            ("tiemout", Some("timeout")),
            ("retires", Some("retries")),
            ("load_balancer", Some("loadBalancer")),
            ("LOADBALANCER", Some("loadBalancer")),
            ("health-check", Some("healthCheck")),
            ("of", None),
            ("xyz", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, known), expected, "{typed}");
        }
    }
}
