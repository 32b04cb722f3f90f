//! The objects that a test applies, and what stands behind its Services.

use std::path::Path;

use mesh_config::{
    diagnostic::Code,
    gateway_api::{Entry, Import, ImportedService, Options, import},
    node::Node,
};

use crate::case::{Case, Mirrored, Test};

/// The objects of one test.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cluster {
    objects: Vec<Node>,
}

impl Cluster {
    /// The base manifests of the test's profile, and its own.
    pub(crate) fn of(test: &Test, folder: &Path) -> Result<Self, String> {
        let base = match test.profile.as_str() {
            "mesh" => "conformance/mesh/manifests.yaml",
            _ => "conformance/base/manifests.yaml",
        };
        let mut cluster = Self::default();
        let own = test.manifests.iter().map(String::as_str);
        for file in core::iter::once(base).chain(own) {
            let path = folder.join(file);
            let text = std::fs::read_to_string(&path)
                .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
            let objects: Vec<Node> = serde_saphyr::from_multiple(&text)
                .map_err(|error| format!("{file} is no YAML: {error}"))?;
            cluster.objects.extend(objects);
        }
        Ok(cluster)
    }

    /// Does what stands between two cases.
    pub(crate) fn step(&mut self, step: &str) -> Result<(), String> {
        let words: Vec<&str> = step.split_whitespace().collect();
        let ["delete", kind, full] = words.as_slice() else {
            return Err(format!("the step `{step}` is not known"));
        };
        let (namespace, name) = full.split_once('/').unwrap_or(("", full));
        let before = self.objects.len();
        self.objects.retain(|object| {
            text(object, &["kind"]) != Some(kind)
                || text(object, &["metadata", "namespace"]) != Some(namespace)
                || text(object, &["metadata", "name"]) != Some(name)
        });
        if self.objects.len() == before {
            return Err(format!("the step `{step}` finds no such object"));
        }
        Ok(())
    }

    pub(crate) fn import(&self) -> Result<Import, String> {
        import(&self.objects, &Options::default()).map_err(|found| found.to_string())
    }

    /// The first thing that the objects of a case ask and the import says it cannot do.
    pub(crate) fn unsupported(&self, case: &Case, import: &Import) -> Option<String> {
        let gateway = format!(".{}.spec", case.gateway.as_deref().unwrap_or(""));
        let mut found = import.diagnostics().iter();
        // the base manifests have Gateways that have nothing to do with the case
        let concerns = |path: &str| !path.starts_with("Gateway.") || path.contains(&gateway);
        found
            .find(|one| one.code == Code::Unsupported && concerns(&one.path))
            .map(|one| one.message.clone())
    }

    /// Where the requests of a case come in.
    pub(crate) fn entry(&self, case: &Case) -> Result<Entry, String> {
        let host = case.request.as_ref().and_then(|request| request.host.as_deref());
        if let Some(client) = &case.client {
            let port = host.and_then(|host| host.rsplit_once(':')?.1.parse().ok());
            return Ok(Entry::mesh(&client.namespace, port.unwrap_or(80)));
        }
        let name = case.gateway.as_deref().ok_or("a case without gateway and client")?;
        let of_name = |object: &&Node| {
            text(object, &["kind"]) == Some("Gateway")
                && text(object, &["metadata", "name"]) == Some(name)
        };
        let gateway = self
            .objects
            .iter()
            .find(of_name)
            .ok_or_else(|| format!("the manifests have no Gateway {name}"))?;
        let namespace = text(gateway, &["metadata", "namespace"]).unwrap_or("default");
        let Some(Node::List(listeners)) = field(gateway, &["spec", "listeners"]) else {
            return Err(format!("Gateway {name} has no listeners"));
        };
        let meant = |listener: &&Node| {
            let own = text(listener, &["name"]).unwrap_or("");
            case.listeners.first().is_none_or(|name| name == own)
        };
        let listener = listeners.iter().find(meant).ok_or("no such listener")?;
        let port = match field(listener, &["port"]) {
            Some(Node::Number(port)) => format!("{port}").parse().ok(),
            _ => None,
        };
        Ok(Entry::gateway(namespace, name, port.ok_or("a listener without port")?))
    }

    /// True where a service is one that must get a copy.
    pub(crate) fn is_mirror(&self, mirrored: &Mirrored, service: &ImportedService) -> bool {
        let namespace = mirrored.namespace.as_ref();
        namespace.is_none_or(|namespace| *namespace == service.namespace)
            && self.serves(&service.namespace, &service.name, &mirrored.backend)
    }

    /// True where Pods of that name serve a Service. A Service without a selector has its addresses
    /// from an `EndpointSlice`, into which the upstream test writes those of `infra-backend-v1`.
    pub(crate) fn serves(&self, namespace: &str, service: &str, pods: &str) -> bool {
        if service == pods {
            return true;
        }
        let of_name = |object: &&Node| {
            text(object, &["kind"]) == Some("Service")
                && text(object, &["metadata", "name"]) == Some(service)
                && text(object, &["metadata", "namespace"]) == Some(namespace)
        };
        let Some(object) = self.objects.iter().find(of_name) else { return false };
        match field(object, &["spec", "selector"]) {
            Some(selector) => text(selector, &["app"]) == Some(pods),
            None => pods == "infra-backend-v1",
        }
    }
}

fn field<'n>(node: &'n Node, path: &[&str]) -> Option<&'n Node> {
    path.iter().try_fold(node, |node, name| match node {
        Node::Object(fields) => fields.iter().find(|(own, _)| own == name).map(|(_, node)| node),
        _ => None,
    })
}

fn text<'n>(node: &'n Node, path: &[&str]) -> Option<&'n str> {
    match field(node, path) {
        Some(Node::Text(text)) => Some(text),
        _ => None,
    }
}
