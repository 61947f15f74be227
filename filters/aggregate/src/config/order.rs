//! The order of calls, as what they need makes it.

use super::call::Read;

/// Calls that wait for each other, by their names: `a, b, a`.
pub(super) fn cycle(calls: &[Read]) -> Option<String> {
    let mut done = vec![false; calls.len()];
    // As many rounds as there are calls bring all of them to their end, or some never get there.
    for _ in calls {
        for (number, read) in calls.iter().enumerate() {
            let is_ready =
                read.call.needs.iter().all(|need| done.get(*need).copied().unwrap_or_default());
            if let (true, Some(done)) = (is_ready, done.get_mut(number)) {
                *done = true;
            }
        }
    }
    // From one that waits, from need to need, until one comes again.
    let mut at = done.iter().position(|done| !done)?;
    let mut path: Vec<usize> = Vec::new();
    while !path.contains(&at) {
        path.push(at);
        let needs = &calls.get(at)?.call.needs;
        at = *needs.iter().find(|need| done.get(**need) == Some(&false))?;
    }
    let start = path.iter().position(|number| *number == at)?;
    let names = path.iter().skip(start).chain([&at]);
    let names = names.filter_map(|number| Some(&*calls.get(*number)?.call.name));
    Some(names.collect::<Vec<_>>().join(", "))
}

/// The calls with a join, those first that are joined onto what is joined itself: else it would be
/// there too late. They are the calls that `cycle` found to come to an end.
pub(super) fn joins(calls: &[Read]) -> Vec<usize> {
    let onto = |number: usize| calls.get(number)?.call.join.as_ref().map(|join| join.call);
    let depth = |number: &usize| std::iter::successors(onto(*number), |at| onto(*at)).count();
    let mut joins: Vec<usize> = (0..calls.len()).filter(|number| onto(*number).is_some()).collect();
    joins.sort_by_key(|number| std::cmp::Reverse(depth(number)));
    joins
}

/// Whether each call is made, or the whole fails: it is required, has no conditions, and needs no
/// call of which that is not true.
pub(super) fn sure(calls: &[Read]) -> Vec<bool> {
    let mut sure: Vec<bool> =
        calls.iter().map(|read| read.call.when.is_empty() && read.call.is_required()).collect();
    loop {
        let is_sure = |need: &usize| sure.get(*need).copied().unwrap_or_default();
        let wrong = calls
            .iter()
            .enumerate()
            .find(|(number, read)| is_sure(number) && !read.call.needs.iter().all(is_sure));
        let Some((wrong, _)) = wrong else { return sure };
        if let Some(sure) = sure.get_mut(wrong) {
            *sure = false;
        }
    }
}
