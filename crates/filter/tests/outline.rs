//! What readers say that they take.

use gatehouse_filter::config::{Form, Kind, Node, Outline, outline};

fn said(read: impl Fn(Node<'_>) -> Option<()>) -> String {
    shown(&outline(read))
}

/// An outline in a line: `a!` is required, `[x+]` a list of at least one.
fn shown(outline: &Outline) -> String {
    let form = |form: &Form| match form {
        Form::Word(word) => format!("'{word}'"),
        Form::Integer(least, most) => format!("{least}-{most}"),
        Form::Nested(name) => format!("&{name}"),
        other => format!("{other:?}").to_lowercase(),
    };
    let mut forms: Vec<String> = outline.forms.iter().map(form).collect();
    if let Some(list) = &outline.list {
        let sign = if list.may_be_empty { "*" } else { "+" };
        forms.push(format!("[{}{sign}]", shown(&list.item)));
    }
    if let Some(table) = &outline.table {
        forms.push(format!("<{}>", shown(&table.value)));
    }
    if let Some(mapping) = &outline.mapping {
        let fields: Vec<String> = mapping
            .fields
            .iter()
            .map(|(name, field)| {
                let sign = if field.is_required { "!" } else { "" };
                format!("{name}{sign}: {}", shown(&field.value))
            })
            .collect();
        let one: Vec<String> =
            mapping.exactly_one.iter().map(|names| format!(" of {}", names.join("/"))).collect();
        forms.push(format!("{{{}{}}}", fields.join(", "), one.concat()));
    }
    forms.join(" | ")
}

#[test]
fn a_reader_says_the_forms_that_it_reads() {
    let number = |node: Node<'_>| node.integer(1..=9).map(|_| ());
    assert_eq!(said(|node| node.boolean().map(|_| ())), "boolean");
    assert_eq!(said(number), "1-9");
    assert_eq!(said(|node| node.one_of(&[("a", ()), ("b", ())])), "'a' | 'b'");
    assert_eq!(said(|node| node.list(number).map(|_| ())), "[1-9*]");
    assert_eq!(said(|node| node.nonempty_list(number).map(|_| ())), "[1-9+]");
    assert_eq!(said(|node| node.table(|_, node| number(node)).map(|_| ())), "<1-9>");
}

#[test]
fn every_way_that_a_reader_can_go_is_told_and_only_what_all_ways_need_is_required() {
    let read = |node: Node<'_>| {
        if node.is_text() {
            return node.duration().map(|_| ());
        }
        let mut fields = node.fields()?;
        let kind = fields.required("kind", |node| node.choice(&[("far", true), ("near", false)]));
        if kind == Some(true) {
            let cluster = fields.required("cluster", |node| node.text());
            fields.finish();
            return cluster.map(|_| ());
        }
        let names = fields.optional("names", |node| match node.kind() {
            Kind::List => node.list(|node| node.text()).map(|_| ()),
            _ => node.text().map(|_| ()),
        });
        fields.finish();
        names.map(|_| ())
    };
    assert_eq!(
        said(read),
        "duration | {cluster: text { may_be_empty: false }, kind!: 'far' | 'near', \
         names: text { may_be_empty: false } | [text { may_be_empty: false }*]}"
    );
}

#[test]
fn a_member_that_is_refused_whatever_it_is_is_nothing() {
    let read = |node: Node<'_>| {
        let mut fields = node.fields()?;
        let old = fields.optional("old", |node| node.fault::<()>("is gone"));
        fields.finish();
        old.map(|_| ())
    };
    assert_eq!(said(read), "{old: }");
}

#[test]
fn of_several_members_one_is_told_to_be_needed_and_what_is_in_itself_is_told_once() {
    fn step(node: &Node<'_>) -> Option<()> {
        node.nested("step", |node| {
            let name = node.only_key(&["go", "all"], &[])?;
            let mut fields = node.fields()?;
            let read = match name {
                "go" => fields.required("go", |node| node.boolean()).map(|_| ()),
                _ => fields
                    .required("all", |node| node.nonempty_list(|node| step(&node)))
                    .map(|_| ()),
            };
            fields.finish();
            read
        })
    }
    assert_eq!(said(|node| step(&node)), "{all: [&step+], go: boolean of go/all}");
}
