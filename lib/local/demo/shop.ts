/** What the demo's repository holds: plain YAML, a kustomize overlay and a chart, each a path of the one target. */
export const paths = ['plain', 'overlays/staging', 'charts/greeter'];

export const firstRevision: Readonly<Record<string, string>> = {
  'plain/namespace.yaml': `apiVersion: v1
kind: Namespace
metadata:
  name: shop
`,
  'plain/prices.yaml': `apiVersion: v1
kind: ConfigMap
metadata:
  name: prices
  namespace: shop
data:
  coffee: "3.50"
  tea: "2.80"
`,
  'plain/offers.yaml': `apiVersion: v1
kind: ConfigMap
metadata:
  name: offers
  namespace: shop
data:
  today: two for one
`,
  'base/web.yaml': `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  selector:
    matchLabels: { app: web }
  template:
    metadata:
      labels: { app: web }
    spec:
      containers:
        - name: web
          image: nginx:1.27
          ports:
            - containerPort: 80
---
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: { app: web }
  ports:
    - port: 80
`,
  'base/kustomization.yaml': `resources:
  - web.yaml
`,
  'overlays/staging/kustomization.yaml': `namespace: shop
resources:
  - ../../base
replicas:
  - name: web
    count: 2
`,
  'charts/greeter/Chart.yaml': `apiVersion: v2
name: greeter
version: 0.1.0
`,
  'charts/greeter/values.yaml': `greeting: hello
`,
  'charts/greeter/templates/greeting.yaml': `apiVersion: v1
kind: ConfigMap
metadata:
  name: greeting
  namespace: shop
data:
  text: {{ .Values.greeting | quote }}
`,
};

/** The second push changes one object and removes one: undefined is a file that goes. */
export const secondRevision: Readonly<Record<string, string | undefined>> = {
  'plain/prices.yaml': firstRevision['plain/prices.yaml']?.replace('3.50', '3.80'),
  'plain/offers.yaml': undefined,
};
