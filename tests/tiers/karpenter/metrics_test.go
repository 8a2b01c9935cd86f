package karpenter

import (
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"testing"

	opstatus "github.com/awslabs/operatorpkg/status"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/common/expfmt"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/record"
	"sigs.k8s.io/controller-runtime/pkg/client"
	crmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	awsmetrics "github.com/aws/karpenter-provider-aws/pkg/controllers/metrics"

	karpv1 "sigs.k8s.io/karpenter/pkg/apis/v1"
	nodemetrics "sigs.k8s.io/karpenter/pkg/controllers/metrics/node"
	poolmetrics "sigs.k8s.io/karpenter/pkg/controllers/metrics/nodepool"
	podmetrics "sigs.k8s.io/karpenter/pkg/controllers/metrics/pod"
	"sigs.k8s.io/karpenter/pkg/controllers/nodepool/counter"
	"sigs.k8s.io/karpenter/pkg/state/cost"
)

var (
	metricsFile = flag.String("metrics", "", "file that Karpenter's metrics are written to, as Prometheus would see them")
	serve       = flag.String("serve", "", "address where Prometheus may read Karpenter's metrics, until /end is asked for")
)

// TestMetricsTellOfNodesPoolsPricesAndInterruptions: the metrics of a running job's nodes, and of the
// warning that ends one of them, are written to -metrics; with -serve a second one can be asked for.
func TestMetricsTellOfNodesPoolsPricesAndInterruptions(t *testing.T) {
	c := newCluster(t, usual)
	pods := c.create(ofJob(apart(stack.Teams[0].Executor)), 2)
	pods = append(pods, c.create(ofJob(stack.Teams[0].Driver), 1)...)
	podMetrics := podmetrics.NewController(kube.Client, c.state)
	seen := func() {
		for _, pod := range pods {
			c.done(podMetrics.Reconcile(c.ctx, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(pod)}))
		}
	}
	seen() // pending
	claims := c.running(pods...)
	seen() // running
	c.sync()
	counts := counter.NewController(kube.Client, c.cloud, c.state)
	costs := cost.NewClusterCost(c.ctx, c.cloud, kube.Client)
	pools := poolmetrics.NewController(kube.Client, c.cloud, costs)
	conditions := opstatus.NewController[*karpv1.NodePool](kube.Client, record.NewFakeRecorder(1000), opstatus.EmitDeprecatedMetrics)
	for _, pool := range list(c, &karpv1.NodePoolList{}).Items {
		c.done(counts.Reconcile(c.ctx, &pool))
		of := reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&pool)}
		c.done(pools.Reconcile(c.ctx, of))
		c.done(conditions.Reconcile(c.ctx, of))
	}
	_, err := nodemetrics.NewController(c.state).Reconcile(c.ctx)
	c.must(err)
	_, err = awsmetrics.NewController(kube.Client, c.cloud).Reconcile(c.ctx)
	c.must(err)
	c.warn(claims[pods[0].Spec.NodeName])

	families, err := crmetrics.Registry.Gather()
	c.must(err)
	file, err := os.Create(*metricsFile)
	c.must(err)
	defer file.Close()
	for _, family := range families {
		_, err := expfmt.MetricFamilyToText(file, family)
		c.must(err)
	}
	if *serve != "" {
		c.serve(*serve, claims[pods[1].Spec.NodeName])
	}
}

// ofJob is a pod of the job etl.
func ofJob(pod corev1.Pod) corev1.Pod {
	p := *pod.DeepCopy()
	p.Labels["sparkoperator.k8s.io/app-name"] = "etl"
	return p
}

// serve answers until /end: Karpenter's /metrics as its own server has them, EC2's /prices, and
// /warn, which puts a warning for a node on the queue.
func (c *cluster) serve(address string, claim *karpv1.NodeClaim) {
	asked := make(chan string)
	answered := make(chan struct{})
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(crmetrics.Registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("/prices", func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(c.offered) })
	for _, path := range []string{"/warn", "/end"} {
		mux.HandleFunc(path, func(http.ResponseWriter, *http.Request) { asked <- path; <-answered })
	}
	server := &http.Server{Addr: address, Handler: mux}
	go func() { _ = server.ListenAndServe() }()
	for path := range asked {
		if path == "/warn" {
			c.warn(claim)
		}
		answered <- struct{}{}
		if path == "/end" {
			c.must(server.Shutdown(c.ctx))
			return
		}
	}
}
