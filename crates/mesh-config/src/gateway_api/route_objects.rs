//! The parts of HTTPRoutes and GRPCRoutes.

use super::kube::{There, kube};
use crate::document::{BackendWeight, Count, Fraction, Percent, Port, RedirectStatus, StatusCode};

kube! {
    struct HttpRouteSpec is "the specification of an HTTPRoute" {
        "parentRefs" => parents: Vec<ParentRef>,
        "hostnames" => hostnames: Vec<String>,
        "rules" => rules: Vec<HttpRouteRule>,
    }
    silent []
}

kube! {
    struct ParentRef is "a reference to a Gateway or a Service" {
        "group" => group: String,
        "kind" => kind: String,
        "namespace" => namespace: String,
        "name" => name: String,
        "sectionName" => section: String,
        "port" => port: Port,
    }
    silent []
}

kube! {
    struct HttpRouteRule is "a rule of an HTTPRoute" {
        "name" => name: String,
        "matches" => matches: Vec<RouteMatch>,
        "filters" => filters: Vec<RouteFilter>,
        "backendRefs" => backends: Vec<BackendRef>,
        "timeouts" => timeouts: RouteTimeouts,
        "retry" => retry: RouteRetry,
    }
    silent []
}

kube! {
    struct RouteMatch is "an object with `path`, `headers`, `queryParams`, `method`" {
        "path" => path: ValueMatch,
        "headers" => headers: Vec<ValueMatch>,
        "queryParams" => query: Vec<ValueMatch>,
        "method" => method: String,
    }
    silent []
}

kube! {
    struct GrpcRouteSpec is "the specification of a GRPCRoute" {
        "parentRefs" => parents: Vec<ParentRef>,
        "hostnames" => hostnames: Vec<String>,
        "rules" => rules: Vec<GrpcRouteRule>,
    }
    silent []
}

kube! {
    struct GrpcRouteRule is "a rule of a GRPCRoute" {
        "name" => name: String,
        "matches" => matches: Vec<GrpcMatch>,
        "filters" => filters: Vec<RouteFilter>,
        "backendRefs" => backends: Vec<BackendRef>,
    }
    silent []
}

kube! {
    struct GrpcMatch is "an object with `method` and `headers`" {
        "method" => method: GrpcMethod,
        "headers" => headers: Vec<ValueMatch>,
    }
    silent []
}

kube! {
    struct GrpcMethod is "an object with `type`, `service`, `method`" {
        "type" => match_type: String,
        "service" => service: String,
        "method" => method: String,
    }
    silent []
}

kube! {
    struct ValueMatch is "an object with `type` and `value`" {
        "type" => match_type: String,
        "name" => name: String,
        "value" => value: String,
    }
    silent []
}

kube! {
    struct BackendRef is "a reference to a Service" {
        "group" => group: String,
        "kind" => kind: String,
        "namespace" => namespace: String,
        "name" => name: String,
        "port" => port: Port,
        "weight" => weight: BackendWeight,
        "filters" => filters: Vec<RouteFilter>,
    }
    silent []
}

kube! {
    struct RouteFilter is "a filter with its `type`" {
        "type" => filter_type: String,
        "requestHeaderModifier" => request_headers: HeaderModifier,
        "responseHeaderModifier" => response_headers: HeaderModifier,
        "requestRedirect" => redirect: RequestRedirect,
        "urlRewrite" => rewrite: UrlRewrite,
        "requestMirror" => mirror: RequestMirror,
        "cors" => cors: RouteCors,
        "extensionRef" => extension: There,
    }
    silent ["externalAuth"]
}

kube! {
    struct RequestMirror is "an object with `backendRef`" {
        "backendRef" => backend: BackendRef,
        "percent" => percent: Percent,
        "fraction" => fraction: Fraction,
    }
    silent []
}

kube! {
    struct RouteCors is "an object with `allowOrigins`, `allowMethods`, …" {
        "allowOrigins" => origins: Vec<String>,
        "allowMethods" => methods: Vec<String>,
        "allowHeaders" => headers: Vec<String>,
        "exposeHeaders" => exposed: Vec<String>,
        "allowCredentials" => credentials: bool,
        "maxAge" => max_age: Count,
    }
    silent []
}

kube! {
    struct HeaderModifier is "an object with `set`, `add`, `remove`" {
        "set" => set: Vec<NamedValue>,
        "add" => add: Vec<NamedValue>,
        "remove" => remove: Vec<String>,
    }
    silent []
}

kube! {
    struct NamedValue is "an object with `name` and `value`" {
        "name" => name: String,
        "value" => value: String,
    }
    silent []
}

kube! {
    struct RequestRedirect is "a redirect" {
        "scheme" => scheme: String,
        "hostname" => hostname: String,
        "path" => path: PathModifier,
        "port" => port: Port,
        "statusCode" => status: RedirectStatus,
    }
    silent []
}

kube! {
    struct UrlRewrite is "a rewrite" {
        "hostname" => hostname: String,
        "path" => path: PathModifier,
    }
    silent []
}

kube! {
    struct PathModifier is "an object with `type` and the new path" {
        "type" => modifier_type: String,
        "replaceFullPath" => full: String,
        "replacePrefixMatch" => prefix: String,
    }
    silent []
}

kube! {
    struct RouteTimeouts is "an object with `request` and `backendRequest`" {
        "request" => request: String,
        "backendRequest" => backend_request: String,
    }
    silent []
}

kube! {
    struct RouteRetry is "an object with `codes`, `attempts`, `backoff`" {
        "codes" => codes: Vec<StatusCode>,
        "attempts" => attempts: Count,
        "backoff" => backoff: String,
    }
    silent []
}
