//! The entities of a file, whether they are nested or flat, with what refers to what found.

use std::collections::{BTreeMap, BTreeSet};

use super::consumer::{self, Consumer};
use super::options as tables;
use crate::carrying::Carrying;
use crate::names::rule_name;
use crate::report::Fate;
use crate::source::{Kind, Node, Read, Unreadable};

/// All entities that have to do with requests.
#[derive(Debug, Default)]
pub(super) struct Entities<'a> {
    pub(super) services: Vec<Service<'a>>,
    pub(super) routes: Vec<Route<'a>>,
    pub(super) upstreams: Vec<Upstream<'a>>,
    pub(super) consumers: Vec<Consumer<'a>>,
    pub(super) plugins: Vec<Plugin<'a>>,
}

#[derive(Debug)]
pub(super) struct Service<'a> {
    pub(super) node: &'a Node,
    pub(super) name: String,
}

#[derive(Debug)]
pub(super) struct Route<'a> {
    pub(super) node: &'a Node,
    /// What rules of filters call it: no other has it.
    pub(super) name: String,
    /// Its place among the services.
    pub(super) service: Option<usize>,
}

#[derive(Debug)]
pub(super) struct Upstream<'a> {
    pub(super) node: &'a Node,
    pub(super) name: String,
    pub(super) targets: Vec<&'a Node>,
}

/// A plugin that is on.
#[derive(Debug, Clone)]
pub(super) struct Plugin<'a> {
    pub(super) node: &'a Node,
    pub(super) name: &'a str,
    /// Its place in the list of all.
    pub(super) id: usize,
    pub(super) service: Option<usize>,
    pub(super) route: Option<usize>,
    pub(super) consumer: Option<usize>,
}

/// Whose a nested entity is.
#[derive(Debug, Clone, Copy, Default)]
struct Owner {
    service: Option<usize>,
    route: Option<usize>,
    consumer: Option<usize>,
}

/// Reads all entities of the file.
pub(super) fn read<'a>(root: &'a Node, carrying: &mut Carrying<'_>) -> Read<Entities<'a>> {
    let mut all = Reader::default();
    all.taken.insert(super::UNMATCHED.to_owned());
    carrying.judge(root, &tables::FILE, "file", "file")?;
    for node in root.list_of("services")? {
        all.service(node)?;
    }
    for node in root.list_of("routes")? {
        let service = all.reference(node, "service", &all.service_names)?;
        all.route(node, service)?;
    }
    for node in root.list_of("upstreams")? {
        all.upstream(node)?;
    }
    for node in root.list_of("targets")? {
        let upstream = all.reference(node, "upstream", &all.upstream_names)?;
        let upstream = upstream.and_then(|at| all.entities.upstreams.get_mut(at));
        upstream.ok_or_else(|| node.not("upstream", "the name of an upstream"))?.targets.push(node);
    }
    for node in root.list_of("consumers")? {
        all.consumer(node)?;
    }
    for (list, kind) in consumer::LISTS {
        for node in root.list_of(list)? {
            let owner = all.reference(node, "consumer", &all.consumer_names)?;
            let owner = owner.and_then(|at| all.entities.consumers.get_mut(at));
            let owner = owner.ok_or_else(|| node.not("consumer", "the name of a consumer"))?;
            owner.add(*kind, node)?;
        }
    }
    for node in root.list_of("plugins")? {
        all.plugin(node, Owner::default())?;
    }
    for (node, owner) in std::mem::take(&mut all.nested) {
        all.plugin(node, owner)?;
    }
    all.groups(root, carrying)?;
    consumer::check(&all.entities.consumers)?;
    twice(&all.entities)?;
    Ok(all.entities)
}

#[derive(Default)]
struct Reader<'a> {
    entities: Entities<'a>,
    /// By name and by id.
    service_names: BTreeMap<&'a str, usize>,
    route_names: BTreeMap<&'a str, usize>,
    upstream_names: BTreeMap<&'a str, usize>,
    consumer_names: BTreeMap<&'a str, usize>,
    /// Names of routes that are taken.
    taken: BTreeSet<String>,
    /// Plugins that stand in what they are of: they may refer to what comes later.
    nested: Vec<(&'a Node, Owner)>,
}

impl<'a> Reader<'a> {
    fn service(&mut self, node: &'a Node) -> Read<()> {
        node.mapping("services")?;
        let at = self.entities.services.len();
        enter(&mut self.service_names, node, "service", at)?;
        let name = own_name(node)?.map_or_else(|| format!("service-{at}"), str::to_owned);
        self.entities.services.push(Service { node, name });
        for route in node.list_of("routes")? {
            let other = self.reference(route, "service", &self.service_names)?;
            if other.is_some_and(|other| other != at) {
                return Err(route.not("service", "left out, or the service that it stands in"));
            }
            self.route(route, Some(at))?;
        }
        self.nest(node, Owner { service: Some(at), ..Owner::default() })
    }

    fn route(&mut self, node: &'a Node, service: Option<usize>) -> Read<()> {
        node.mapping("routes")?;
        let at = self.entities.routes.len();
        enter(&mut self.route_names, node, "route", at)?;
        let wanted = own_name(node)?.map_or_else(|| format!("route-{at}"), rule_name);
        let mut name = wanted.clone();
        let mut number = 1_usize;
        while !self.taken.insert(name.clone()) {
            number = number.saturating_add(1);
            name = format!("{wanted}-{number}");
        }
        self.entities.routes.push(Route { node, name, service });
        self.nest(node, Owner { route: Some(at), ..Owner::default() })
    }

    fn upstream(&mut self, node: &'a Node) -> Read<()> {
        node.mapping("upstreams")?;
        let Some(name) = node.text_of("name")? else {
            return Err(node.not("name", "there: services name an upstream by it"));
        };
        let at = self.entities.upstreams.len();
        enter(&mut self.upstream_names, node, "upstream", at)?;
        let targets = node.list_of("targets")?.iter().collect();
        self.entities.upstreams.push(Upstream { node, name: name.to_owned(), targets });
        Ok(())
    }

    fn consumer(&mut self, node: &'a Node) -> Read<()> {
        node.mapping("consumers")?;
        let at = self.entities.consumers.len();
        enter(&mut self.consumer_names, node, "consumer", at)?;
        let consumer = Consumer::read(node, &self.entities.consumers)?;
        self.entities.consumers.push(consumer);
        self.nest(node, Owner { consumer: Some(at), ..Owner::default() })
    }

    fn nest(&mut self, node: &'a Node, owner: Owner) -> Read<()> {
        self.nested.extend(node.list_of("plugins")?.iter().map(|plugin| (plugin, owner)));
        Ok(())
    }

    fn plugin(&mut self, node: &'a Node, owner: Owner) -> Read<()> {
        node.mapping("plugins")?;
        let Some(name) = node.text_of("name")? else {
            return Err(node.not("name", "there: it says which plugin it is"));
        };
        let of = |said: Option<usize>, owner: Option<usize>, field: &str| match (said, owner) {
            (Some(said), Some(owner)) if said != owner => {
                Err(node.not(field, "left out, or what the plugin stands in"))
            }
            (said, owner) => Ok(said.or(owner)),
        };
        let service = self.reference(node, "service", &self.service_names)?;
        let route = self.reference(node, "route", &self.route_names)?;
        let consumer = self.reference(node, "consumer", &self.consumer_names)?;
        let plugin = Plugin {
            node,
            name,
            id: self.entities.plugins.len(),
            service: of(service, owner.service, "service")?,
            route: of(route, owner.route, "route")?,
            consumer: of(consumer, owner.consumer, "consumer")?,
        };
        // One that is off is as if it were not there: a less specific one counts.
        if node.flag_of("enabled")?.unwrap_or(true) {
            self.entities.plugins.push(plugin);
        }
        Ok(())
    }

    /// What a field refers to: a name or an id, or a mapping with one of them.
    fn reference(
        &self,
        node: &'a Node,
        field: &str,
        names: &BTreeMap<&'a str, usize>,
    ) -> Read<Option<usize>> {
        let Some(value) = node.get(field) else { return Ok(None) };
        let name = match &value.kind {
            Kind::Mapping(_) => ["id", "name", "username"].iter().find_map(|by| value.get(by)),
            _ => Some(value),
        };
        let name = name.ok_or_else(|| value.not(field, "a name or an id"))?.text(field)?;
        let at = names.get(name).copied();
        at.map(Some).ok_or_else(|| {
            Unreadable::new(value.line, format!("{field}: there is no {field} `{name}`"))
        })
    }

    /// Groups of consumers have plugins for their members. None of them is carried over.
    fn groups(&mut self, root: &'a Node, carrying: &mut Carrying<'_>) -> Read<()> {
        for group in root.list_of("consumer_groups")? {
            let name = group.text_of("name")?.unwrap_or_default();
            let mut guards = Vec::new();
            for plugin in group.list_of("plugins")? {
                let plugin_name = plugin.text_of("name")?.unwrap_or_default();
                let subject = format!("consumer group `{name}`: {plugin_name}");
                let why = "plugins of consumer groups are not known here";
                if tables::guards(plugin_name) {
                    let why = format!("{why}: its members are disabled");
                    if carrying.cannot_guard(plugin.line, &subject, plugin_name, why) {
                        guards.push(plugin_name);
                    }
                } else {
                    carrying.report.add(Fate::Lost, plugin.line, subject, why);
                }
            }
            let listed = group.list_of("consumers")?;
            for (at, consumer) in self.entities.consumers.iter_mut().enumerate() {
                let is = |node: &Node| {
                    let name = match &node.kind {
                        Kind::Mapping(_) => {
                            ["username", "id", "custom_id"].iter().find_map(|by| node.get(by))
                        }
                        _ => Some(node),
                    };
                    let name = name.and_then(Node::as_text);
                    name.and_then(|name| self.consumer_names.get(name)) == Some(&at)
                };
                let belongs = consumer
                    .node
                    .list_of("groups")?
                    .iter()
                    .any(|group| group.get("name").unwrap_or(group).as_text() == Some(name));
                if !guards.is_empty() && (belongs || listed.iter().any(is)) {
                    consumer.disabled = true;
                }
            }
        }
        Ok(())
    }
}

/// The name or the id.
fn own_name(node: &Node) -> Read<Option<&str>> {
    Ok(node.text_of("name")?.or(node.text_of("id")?))
}

fn enter<'a>(
    names: &mut BTreeMap<&'a str, usize>,
    node: &'a Node,
    what: &str,
    at: usize,
) -> Read<()> {
    for field in ["name", "username", "id"] {
        if let Some(name) = node.text_of(field)?
            && names.insert(name, at).is_some_and(|other| other != at)
        {
            let line = node.get(field).map_or(node.line, |node| node.line);
            let fault = format!("{field}: there are two of {what} `{name}`");
            return Err(Unreadable::new(line, fault));
        }
    }
    Ok(())
}

/// A plugin runs once for a request: two of one scope are a mistake for Kong, too.
fn twice(entities: &Entities<'_>) -> Read<()> {
    let mut seen = BTreeSet::new();
    for plugin in &entities.plugins {
        if !seen.insert((plugin.name, plugin.service, plugin.route, plugin.consumer)) {
            let fault = format!("plugins: `{}` comes twice in one place", plugin.name);
            return Err(Unreadable::new(plugin.node.line, fault));
        }
    }
    Ok(())
}
