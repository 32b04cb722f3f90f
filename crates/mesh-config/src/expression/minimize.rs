//! The smallest automaton that says the same: Moore's partition refinement.

use alloc::collections::BTreeMap;

use super::{Steps, Table};

/// Joins states, then byte classes, that no text tells apart. Where that takes more work than is
/// left, the table comes back as it is: it is right, only larger.
pub(super) fn minimize(table: Table, steps: &mut Steps) -> Table {
    let mut groups: Vec<u16> = table.accepting.iter().map(|&accepts| u16::from(accepts)).collect();
    let mut count = 0usize;
    loop {
        if steps.take(table.transitions.len().saturating_mul(2)).is_err() {
            return table;
        }
        let mut known: BTreeMap<Vec<u16>, u16> = BTreeMap::new();
        let mut next = Vec::with_capacity(groups.len());
        for (state, row) in table.transitions.chunks(table.class_count.max(1)).enumerate() {
            let group = |state: &u16| groups.get(usize::from(*state)).copied().unwrap_or(0);
            let own = groups.get(state).copied().unwrap_or(0);
            let signature: Vec<u16> = core::iter::once(own).chain(row.iter().map(group)).collect();
            let number = u16::try_from(known.len()).unwrap_or(u16::MAX);
            next.push(*known.entry(signature).or_insert(number));
        }
        let found = known.len();
        groups = next;
        if found == count {
            break;
        }
        count = found;
    }
    join_classes(&join_states(&table, &groups, count))
}

/// One row per group. The dead state is the first of its group, and its group the first of all.
fn join_states(table: &Table, groups: &[u16], count: usize) -> Table {
    let group = |state: u16| groups.get(usize::from(state)).copied().unwrap_or(0);
    let mut transitions = Vec::with_capacity(count.saturating_mul(table.class_count));
    let mut accepting = Vec::with_capacity(count);
    for (state, row) in table.transitions.chunks(table.class_count.max(1)).enumerate() {
        let own = groups.get(state).copied().unwrap_or(0);
        if usize::from(own) == accepting.len() {
            transitions.extend(row.iter().map(|&next| group(next)));
            accepting.push(table.accepting.get(state).copied().unwrap_or(false));
        }
    }
    Table {
        classes: table.classes,
        class_count: table.class_count,
        transitions,
        start: group(table.start),
        accepting,
    }
}

/// One column per distinct column.
fn join_classes(table: &Table) -> Table {
    let width = table.class_count.max(1);
    let column = |class: usize| -> Vec<u16> {
        table.transitions.chunks(width).filter_map(|row| row.get(class)).copied().collect()
    };
    let mut known: BTreeMap<Vec<u16>, u8> = BTreeMap::new();
    let mut kept = Vec::new();
    let mut joined = Vec::with_capacity(width);
    for class in 0..width {
        let number = u8::try_from(known.len()).unwrap_or(u8::MAX);
        let into = *known.entry(column(class)).or_insert(number);
        if into == number && usize::from(into) == kept.len() {
            kept.push(class);
        }
        joined.push(into);
    }
    let join = |class: u8| joined.get(usize::from(class)).copied().unwrap_or(0);
    let row = |row: &[u16]| -> Vec<u16> {
        kept.iter().filter_map(|&class| row.get(class)).copied().collect()
    };
    Table {
        classes: table.classes.map(join),
        class_count: kept.len(),
        transitions: table.transitions.chunks(width).flat_map(row).collect(),
        start: table.start,
        accepting: table.accepting.clone(),
    }
}
