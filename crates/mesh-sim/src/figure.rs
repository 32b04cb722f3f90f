//! What a scenario shows: a number, and the bound that it must keep where there is one.

use core::fmt;

/// One number out of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// The scenario.
    pub scenario: &'static str,
    /// What was measured, with its unit.
    pub name: String,
    /// The number.
    pub value: f64,
    /// What must hold of it; `None` where it is only shown.
    pub bound: Option<Bound>,
}

/// What must hold of a number. One that is no number keeps no bound.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a number is bounded below, above, or on both sides")]
pub enum Bound {
    /// Not above this.
    AtMost(f64),
    /// Not below this.
    AtLeast(f64),
    /// At most so far from `target`, as a share of it.
    Near {
        /// The number that theory gives.
        target: f64,
        /// Largest share of it that the figure may be off.
        tolerance: f64,
    },
}

impl Figure {
    /// A number that is only shown.
    #[must_use]
    pub const fn shown(scenario: &'static str, name: String, value: f64) -> Self {
        Self { scenario, name, value, bound: None }
    }

    /// A number with its bound.
    #[must_use]
    pub const fn bounded(scenario: &'static str, name: String, value: f64, bound: Bound) -> Self {
        Self { scenario, name, value, bound: Some(bound) }
    }

    /// True where the bound holds, or there is none.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.bound.is_none_or(|bound| bound.holds(self.value))
    }
}

impl Bound {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
            Self::Near { target, tolerance } => (value / target - 1.0).abs() <= tolerance,
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::AtMost(most) => write!(f, "≤ {}", short(most)),
            Self::AtLeast(least) => write!(f, "≥ {}", short(least)),
            Self::Near { target, tolerance } => {
                write!(f, "{} ± {:.0} %", short(target), tolerance * 100.0)
            }
        }
    }
}

/// A number with at most four decimals.
fn short(number: f64) -> String {
    let text = format!("{number:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} = {:.3}", self.scenario, self.name, self.value)?;
        self.bound.map_or(Ok(()), |bound| write!(f, ", must be {bound}"))
    }
}

/// The figures as a table for people, a line each, with its header.
#[must_use]
pub fn table(figures: &[Figure]) -> Vec<String> {
    let mut rows = vec![["scenario", "figure", "value", "bound", "ok"].map(str::to_owned)];
    rows.extend(figures.iter().map(|figure| {
        let ok = match (figure.bound, figure.is_ok()) {
            (None, _) => "–",
            (Some(_), true) => "yes",
            (Some(_), false) => "NO",
        };
        let bound = figure.bound.map_or_else(|| "–".to_owned(), |bound| bound.to_string());
        let value = format!("{:.3}", figure.value);
        [figure.scenario.to_owned(), figure.name.clone(), value, bound, ok.to_owned()]
    }));
    let mut widths = [0; 5];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let line = |row: &[String; 5]| {
        let cells = row.iter().zip(widths).enumerate().map(|(column, (cell, width))| {
            if column < 2 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        cells.collect::<Vec<_>>().join("  ")
    };
    rows.iter().map(line).collect()
}

/// The figures as one JSON array of `{scenario, figure, value, bound, ok}`. `bound` is a text or
/// null, `ok` null where there is no bound, `value` null where it is no number.
#[must_use]
pub fn json(figures: &[Figure]) -> String {
    let rows = figures.iter().map(|figure| {
        let Figure { scenario, name, value, bound } = figure;
        let value = if value.is_finite() { format!("{value:.6}") } else { "null".to_owned() };
        let ok = if bound.is_some() { figure.is_ok().to_string() } else { "null".to_owned() };
        let bound = bound.map_or_else(|| "null".to_owned(), |bound| format!("\"{bound}\""));
        // names are texts of this crate: none has a quote, a backslash or a control character
        format!(
            "{{\"scenario\":\"{scenario}\",\"figure\":\"{name}\",\"value\":{value},\
             \"bound\":{bound},\"ok\":{ok}}}"
        )
    });
    format!("[{}]", rows.collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(value: f64, bound: Option<Bound>) -> Figure {
        Figure { scenario: "queue", name: "mean".to_owned(), value, bound }
    }

    #[test]
    fn bounds_hold_up_to_their_edge() {
        let near = Bound::Near { target: 2.0, tolerance: 0.25 };
        for (value, bound, ok) in [
            (1.2, Bound::AtMost(1.2), true),
            (1.201, Bound::AtMost(1.2), false),
            (3.5, Bound::AtLeast(3.5), true),
            (3.499, Bound::AtLeast(3.5), false),
            (1.5, near, true),
            (2.5, near, true),
            (1.49, near, false),
            (2.51, near, false),
            (f64::NAN, Bound::AtMost(1.0), false),
            (f64::NAN, Bound::AtLeast(1.0), false),
            (f64::NAN, near, false),
        ] {
            assert_eq!(figure(value, Some(bound)).is_ok(), ok, "{value} {bound}");
        }
        assert!(figure(7.0, None).is_ok());
    }

    #[test]
    fn bounds_are_written_without_what_floats_add() {
        assert_eq!(Bound::AtMost(1.2 * 1.1).to_string(), "≤ 1.32");
        assert_eq!(Bound::AtLeast(100.0).to_string(), "≥ 100");
        let near = Bound::Near { target: 1.2657, tolerance: 0.05 };
        assert_eq!(near.to_string(), "1.2657 ± 5 %");
    }

    #[test]
    fn the_table_aligns_and_the_json_has_the_promised_keys() {
        let figures = [figure(1.25, Some(Bound::AtMost(1.2))), figure(f64::NAN, None)];
        assert_eq!(
            table(&figures),
            [
                "scenario  figure  value  bound  ok",
                "queue     mean    1.250  ≤ 1.2  NO",
                "queue     mean      NaN      –   –",
            ]
        );
        assert_eq!(
            json(&figures),
            "[{\"scenario\":\"queue\",\"figure\":\"mean\",\"value\":1.250000,\"bound\":\"≤ 1.2\",\
             \"ok\":false},{\"scenario\":\"queue\",\"figure\":\"mean\",\"value\":null,\
             \"bound\":null,\"ok\":null}]"
        );
    }
}
