/** Files by path, as a repository has them. */
export type Files = Readonly<Record<string, string>>;

/** The folder of the manifests in the repositories of the bench. */
export const manifestPath = 'clusters/bench';

/** One manifest a file, as people write them; without a namespace, which each round gives. */
export function manifests(configMaps: number, deployments: number): Files {
  const files: Record<string, string> = {};
  for (let index = 0; index < configMaps; index++)
    files[`${manifestPath}/config/${nameOf(index)}.yaml`] = configMap(index);
  for (let index = 0; index < deployments; index++)
    files[`${manifestPath}/apps/${nameOf(index)}.yaml`] = deployment(index);
  return files;
}

/** An app of four objects in one file each: that of Flux's own benchmark (github.com/fluxcd/flux-benchmark). */
export function app(name: string): Files {
  return {
    'deployment.yaml': appDeployment(name),
    'service-account.yaml': `apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: ${name}\n`,
    'service.yaml': `apiVersion: v1
kind: Service
metadata:
  name: ${name}
spec:
  selector:
    app: ${name}
  ports:
    - name: http
      port: 9898
      targetPort: http
`,
    'ingress.yaml': `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: ${name}
spec:
  rules:
    - host: ${name}.example
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: ${name}
                port:
                  name: http
`,
  };
}

function appDeployment(name: string): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
spec:
  replicas: 0
  selector:
    matchLabels:
      app: ${name}
  template:
    metadata:
      labels:
        app: ${name}
    spec:
      serviceAccountName: ${name}
      containers:
        - name: web
          image: registry.example/apps/web:6.7.0
          ports:
            - name: http
              containerPort: 9898
          resources:
            requests:
              cpu: 10m
              memory: 16Mi
`;
}

/** What else is in a repository: about 1.5 KB each, spread over folders. */
export function otherFiles(count: number): Files {
  const files: Record<string, string> = {};
  for (let index = 0; index < count; index++) {
    const line = `Line ${index} of what nobody applies: notes, code and dashboards of service ${index * 7919}.\n`;
    files[`services/team-${index % 40}/file-${index}.md`] = line.repeat(20);
  }
  return files;
}

function nameOf(index: number): string {
  return `item-${String(index).padStart(4, '0')}`;
}

export function configMap(index: number, level = 'info'): string {
  return `apiVersion: v1
kind: ConfigMap
metadata:
  name: ${nameOf(index)}
  labels:
    app.kubernetes.io/name: ${nameOf(index)}
    app.kubernetes.io/part-of: shop
data:
  LOG_LEVEL: ${level}
  DATABASE_URL: postgres://db-${index}.example:5432/shop
  MAX_CONNECTIONS: "${10 + (index % 90)}"
  settings.yaml: |
    feature:
      enabled: true
      rollout: ${index % 100}
    endpoints:
      - https://a-${index}.example/api
      - https://b-${index}.example/api
`;
}

export function deployment(index: number): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${nameOf(index)}
  labels:
    app: ${nameOf(index)}
spec:
  replicas: 2
  selector:
    matchLabels:
      app: ${nameOf(index)}
  template:
    metadata:
      labels:
        app: ${nameOf(index)}
      annotations:
        prometheus.io/scrape: "true"
    spec:
      containers:
        - name: web
          image: registry.example/shop/web:1.${index}.0
          args: ["--listen", ":8080"]
          env:
            - name: LOG_LEVEL
              value: info
            - name: CONFIG
              valueFrom:
                configMapKeyRef:
                  name: ${nameOf(index)}
                  key: settings.yaml
          ports:
            - name: http
              containerPort: 8080
          readinessProbe:
            httpGet:
              path: /healthz
              port: http
            periodSeconds: 5
          resources:
            requests:
              cpu: 100m
              memory: 128Mi
            limits:
              memory: 256Mi
          volumeMounts:
            - name: settings
              mountPath: /etc/shop
      volumes:
        - name: settings
          configMap:
            name: ${nameOf(index)}
`;
}
