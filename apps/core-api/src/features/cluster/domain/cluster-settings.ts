/** Whom traffic goes to or comes from: a block of addresses, or pods by their labels. */
export interface NetworkPeer {
  readonly cidr?: string;
  readonly namespaceLabels?: Readonly<Record<string, string>>;
  readonly podLabels?: Readonly<Record<string, string>>;
}

/** Peers with the ports at which they are reached. */
export interface EgressRule {
  readonly peers: readonly NetworkPeer[];
  readonly ports: readonly number[];
}

export interface Amounts {
  readonly cpu: string;
  readonly memory: string;
}

export interface IngressSettings {
  readonly kind: 'ingress';
  readonly className: string;
  /** `controller`: its default certificate. `issued`: a Secret of the namespace that an issuer fills. `none`: plain HTTP. */
  readonly tls: 'controller' | 'issued' | 'none';
  readonly annotations: Readonly<Record<string, string>>;
}

export interface HttpRouteSettings {
  readonly kind: 'httproute';
  readonly gateway: { readonly namespace: string; readonly name: string; readonly sectionName?: string };
}

/** How the dedicated homes of one region are run. No secret is among it. */
export interface ClusterSettings {
  /** By digest, as `registry/biplane/tenant-api@sha256:…`. Nodes pull it with their own credentials: homes hold none. */
  readonly image: string;
  /** Homes are served at names below it. */
  readonly domain: string;
  readonly route: IngressSettings | HttpRouteSettings;
  /** Who may connect to a home from outside its namespace: the ingress controller or gateway, and who scrapes metrics. */
  readonly ingressPeers: readonly NetworkPeer[];
  /** Who may connect to a home's internal port: tenant services that ask the gate. It is in no Service without any. */
  readonly internalPeers: readonly NetworkPeer[];
  /** Where the home enrolls: the internal port of the region's pool. */
  readonly enrollmentUrl: string;
  readonly kafkaBrokers: readonly string[];
  /** Text of the JSON file {kid, publicJwk} of the trust root. */
  readonly rootKey: string;
  readonly httpPort: number;
  readonly internalPort: number;
  /** The user of the container, never 0. */
  readonly runAsUser: number;
  /** Of one replica. */
  readonly resources: { readonly requests: Amounts; readonly limits: Amounts };
  /** Of a home that runs. */
  readonly replicas: number;
  /** Replicas that a home may have at most: what its quota is made from. */
  readonly replicasMax: number;
  readonly egress: {
    readonly dns: EgressRule;
    readonly enrollment: EgressRule;
    readonly postgresql: EgressRule;
    readonly redis: EgressRule;
    readonly kafka: EgressRule;
    /** Where the pool of the region sends mail, and gives its homes to send it: none without it. */
    readonly mail?: EgressRule | undefined;
  };
  /** From the SIGTERM's announcement to SIGKILL; longer than what preStop and the drain take. */
  readonly gracePeriodSeconds: number;
  readonly logLevel: string;
  /** Addresses and networks of the proxies in front of the homes: their X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  /** For demos: CLOCK_FILE and NODE_ENV, for example. */
  readonly extraEnv: Readonly<Record<string, string>>;
}
