//! The configuration: what is counted, by what, and how far it may grow.

use crate::label::Label;
use crate::samples::Samples;
use crate::series::{Kind, Series};
use crate::values::{OTHER, Values};
use gatehouse_filter::LinesAMinute;
use gatehouse_filter::config::Node;
use std::collections::BTreeMap;

/// What the filter is configured with.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) series: Series,
    pub(crate) samples: Option<Samples>,
}

/// The values that a label is told apart by, unless `labels` says otherwise.
const MOST: usize = 100;
/// Where nothing else is said, of each metric.
const LABELS: [(Kind, &[Label]); 4] = [
    (Kind::Requests, &[Label::Route, Label::Method, Label::Status, Label::Consumer, Label::Tier]),
    (Kind::Bytes, &[Label::Route, Label::Consumer, Label::Tier]),
    (Kind::Duration, &[Label::Route, Label::Method, Label::Status]),
    (Kind::Cost, &[Label::Rule, Label::Route, Label::Consumer, Label::Tier]),
];

impl Config {
    pub(crate) fn read(node: &Node<'_>) -> Option<Self> {
        let mut fields = node.fields()?;
        let requests = fields.optional("requests", |node| labels_of(&node, Kind::Requests));
        let bytes = fields.optional("bytes", |node| labels_of(&node, Kind::Bytes));
        let duration = fields.optional("duration", |node| labels_of(&node, Kind::Duration));
        let cost = fields.optional("cost", |node| labels_of(&node, Kind::Cost));
        let bounds = fields.with_default("labels", Vec::new(), |node| bounds(&node));
        let samples = fields.optional("samples", |node| samples(&node));
        fields.finish();
        let kinds = [
            (Kind::Requests, requests?),
            (Kind::Bytes, bytes?),
            (Kind::Duration, duration?),
            (Kind::Cost, cost?),
        ];
        let (bounds, samples) = (bounds?, samples?);
        let kinds: BTreeMap<_, _> =
            kinds.into_iter().filter_map(|(kind, labels)| Some((kind, labels?))).collect();
        if kinds.is_empty() && samples.is_none() {
            return node.fault(
                "does nothing: at least one of `requests`, `bytes`, `duration`, `cost`, `samples` is \
                 needed",
            );
        }
        let is_told = |label: &Label| kinds.values().any(|labels| labels.contains(label));
        if let Some(bound) = bounds.iter().find(|bound: &&Bound| !is_told(&bound.label)) {
            let name = bound.label.name();
            return node.fault(format!("`labels.{name}` does nothing: no metric has this label"));
        }
        let values = Label::BOUNDED.into_iter().filter(is_told).map(|label| {
            let bound = bounds.iter().find(|bound| bound.label == label);
            let always = bound.map(|bound| bound.always.clone()).unwrap_or_default();
            Values::new(label, bound.map_or(MOST, |bound| bound.most), always)
        });
        let values = values.collect();
        Some(Self { series: Series::new(kinds, values), samples })
    }
}

/// What a metric is told apart by.
fn labels_of(node: &Node<'_>, kind: Kind) -> Option<Vec<Label>> {
    let usual = LABELS.iter().find(|(usual, _)| *usual == kind);
    let usual = usual.map(|(_, labels)| labels.to_vec()).unwrap_or_default();
    let mut fields = node.fields()?;
    let labels = fields.with_default("labels", usual, |node| {
        let labels = node.list(|node| {
            let label = node.one_of(&Label::NAMES)?;
            match (kind, label) {
                (Kind::Bytes, Label::Method | Label::Status) => {
                    node.fault("bytes are told apart by route and caller alone")
                }
                (Kind::Cost, Label::Method | Label::Status) => {
                    node.fault("costs are told apart by rule, route and caller alone")
                }
                (Kind::Requests | Kind::Bytes | Kind::Duration, Label::Rule) => {
                    node.fault("is a label of `cost` alone: other metrics know no rule")
                }
                _ => Some(label),
            }
        })?;
        let is_repeated = |(at, label): (usize, &Label)| labels.iter().take(at).any(|l| l == label);
        match labels.iter().enumerate().any(is_repeated) {
            true => node.fault("has the same label twice"),
            false => Some(labels),
        }
    });
    fields.finish();
    labels
}

/// How far the values of a label may grow.
struct Bound {
    label: Label,
    most: usize,
    always: Vec<String>,
}

fn bounds(node: &Node<'_>) -> Option<Vec<Bound>> {
    let mut fields = node.fields()?;
    let mut bounds = Vec::new();
    let mut all = Some(());
    for label in Label::BOUNDED {
        match fields.optional(label.name(), |node| bound(&node, label)) {
            Some(bound) => bounds.extend(bound),
            None => all = None,
        }
    }
    fields.finish();
    all.map(|()| bounds)
}

fn bound(node: &Node<'_>, label: Label) -> Option<Bound> {
    let mut fields = node.fields()?;
    let most = fields.with_default("most", MOST as u64, |node| node.integer(1..=10_000));
    let always = fields.with_default("always", Vec::new(), |node| {
        node.nonempty_list(|node| match node.text()? {
            "" | OTHER => node.fault("is no value of anybody's own"),
            long if long.len() > 128 => node.fault("must not be longer than 128 bytes"),
            text => Some(text.to_owned()),
        })
    });
    fields.finish();
    let (most, always) = (usize::try_from(most?).ok()?, always?);
    if always.len() > most {
        return node.fault("has more values in `always` than `most`");
    }
    Some(Bound { label, most, always })
}

fn samples(node: &Node<'_>) -> Option<Samples> {
    let mut fields = node.fields()?;
    let slow = fields.optional("slow", |node| {
        let slow = node.duration()?;
        u64::try_from(slow.as_millis()).ok()
    });
    let errors = fields.with_default("errors", true, |node| node.boolean());
    let lines = fields.with_default("per_minute", 10, |node| node.integer(1..=1_000));
    fields.finish();
    let (slow, errors, lines) = (slow?, errors?, lines?);
    if slow.is_none() && !errors {
        return node.fault("does nothing: without `slow` there are samples of `errors` alone");
    }
    Some(Samples { slow, errors, lines: LinesAMinute::new(lines) })
}

#[cfg(test)]
mod tests;
