package karpenter

import (
	"context"
	"testing"
	"time"

	opstatus "github.com/awslabs/operatorpkg/status"
	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"github.com/samber/lo"
	corev1 "k8s.io/api/core/v1"
	clock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	awsv1 "github.com/aws/karpenter-provider-aws/pkg/apis/v1"
	"github.com/aws/karpenter-provider-aws/pkg/cloudprovider"
	"github.com/aws/karpenter-provider-aws/pkg/operator/options"
	"github.com/aws/karpenter-provider-aws/pkg/providers/instance"
	awstest "github.com/aws/karpenter-provider-aws/pkg/test"

	karpv1 "sigs.k8s.io/karpenter/pkg/apis/v1"
	"sigs.k8s.io/karpenter/pkg/controllers/dynamicresources/deviceallocation"
	"sigs.k8s.io/karpenter/pkg/controllers/nodeclaim/lifecycle"
	"sigs.k8s.io/karpenter/pkg/controllers/nodepool/readiness"
	"sigs.k8s.io/karpenter/pkg/controllers/nodepool/validation"
	"sigs.k8s.io/karpenter/pkg/controllers/provisioning"
	"sigs.k8s.io/karpenter/pkg/controllers/state"
	coreoptions "sigs.k8s.io/karpenter/pkg/operator/options"
	"sigs.k8s.io/karpenter/pkg/state/nodepoolhealth"
	"sigs.k8s.io/karpenter/pkg/state/virtualpods"
	coretest "sigs.k8s.io/karpenter/pkg/test"
)

// cluster is the stack without any node, with a Karpenter and an EC2 of its own.
type cluster struct {
	t         *testing.T
	ctx       context.Context
	aws       *awstest.Environment
	cloud     *cloudprovider.CloudProvider
	clock     *clock.FakeClock
	events    *coretest.EventRecorder
	state     *state.Cluster
	prov      *provisioning.Provisioner
	lifecycle *lifecycle.Controller
	// pending is why the last pods got no node.
	pending string
}

func newCluster(t *testing.T, spot prices) *cluster {
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	if *verbose {
		ctx = log.IntoContext(ctx, funcr.New(func(_, args string) { t.Log("karpenter:", args) }, funcr.Options{}))
	} else {
		ctx = log.IntoContext(ctx, logr.Discard())
	}
	ctx = coreoptions.ToContext(ctx, coretest.Options(coretest.OptionsFields{FeatureGates: coretest.FeatureGates{ReservedCapacity: lo.ToPtr(true)}}))
	ctx = options.ToContext(ctx, awstest.Options())
	c := &cluster{t: t, ctx: ctx, events: coretest.NewEventRecorder(), clock: clock.NewFakeClock(time.Now())}
	c.empty()
	t.Cleanup(c.empty)

	c.aws = awstest.NewEnvironment(ctx, kube)
	c.makeClassesReady()
	c.stockEC2(spot)
	e := c.aws
	instances := instance.NewDefaultProvider(ctx, "", c.events, &fleet{e.EC2API}, e.UnavailableOfferingsCache, e.SubnetProvider,
		e.LaunchTemplateProvider, e.CapacityReservationProvider, e.PlacementGroupProvider, e.ZonalShiftProvider, e.InstanceCache)
	c.cloud = cloudprovider.New(e.InstanceTypesProvider, instances, c.events, kube.Client, e.AMIProvider, e.SecurityGroupProvider,
		e.CapacityReservationProvider, e.PlacementGroupProvider, e.InstanceTypeStore, lo.ToPtr("ca-bundle"))
	c.state = state.NewCluster(c.clock, kube.Client, c.cloud)
	c.prov = provisioning.NewProvisioner(kube.Client, c.events, c.cloud, c.state, c.clock, deviceallocation.NewController(kube.Client), virtualpods.NewVirtualPodCache(kube.Client))
	c.lifecycle = lifecycle.NewController(c.clock, kube.Client, c.cloud, c.events, nodepoolhealth.NewState(), nil)
	c.makePoolsReady()
	return c
}

// empty deletes the pods and nodes that a test left; the plan's own objects stay.
func (c *cluster) empty() {
	ctx := context.Background()
	c.emptyPods()
	claims, nodes := &karpv1.NodeClaimList{}, &corev1.NodeList{}
	for _, list := range []client.ObjectList{claims, nodes} {
		c.must(kube.Client.List(ctx, list))
	}
	for i := range claims.Items {
		c.remove(&claims.Items[i])
	}
	for i := range nodes.Items {
		c.remove(&nodes.Items[i])
	}
}

// emptyPods deletes all pods.
func (c *cluster) emptyPods() {
	pods := &corev1.PodList{}
	c.must(kube.Client.List(context.Background(), pods))
	for i := range pods.Items {
		c.remove(&pods.Items[i])
	}
}

// remove deletes at once, finalizers or not.
func (c *cluster) remove(o client.Object) {
	ctx := context.Background()
	if err := kube.Client.Get(ctx, client.ObjectKeyFromObject(o), o); err != nil {
		c.must(client.IgnoreNotFound(err))
		return
	}
	if len(o.GetFinalizers()) > 0 {
		stored := o.DeepCopyObject().(client.Object)
		o.SetFinalizers(nil)
		c.must(client.IgnoreNotFound(kube.Client.Patch(ctx, o, client.MergeFrom(stored))))
	}
	c.must(client.IgnoreNotFound(kube.Client.Delete(ctx, o, client.GracePeriodSeconds(0))))
}

// makeClassesReady stands for the node class controller: the subnets that the class names, and
// one image per processor.
func (c *cluster) makeClassesReady() {
	classes := &awsv1.EC2NodeClassList{}
	c.must(kube.Client.List(c.ctx, classes))
	for i := range classes.Items {
		class := &classes.Items[i]
		ready := awstest.EC2NodeClass() // the provider's own
		class.Status.AMIs, class.Status.SecurityGroups = ready.Status.AMIs, ready.Status.SecurityGroups
		class.Status.InstanceProfile = "profile"
		class.Status.Subnets = lo.Map(class.Spec.SubnetSelectorTerms, func(term awsv1.SubnetSelectorTerm, _ int) awsv1.Subnet {
			return awsv1.Subnet{ID: term.ID, Zone: zoneOf(term.ID), ZoneID: zoneID(zoneOf(term.ID))}
		})
		for _, condition := range class.StatusConditions().List() {
			class.StatusConditions().SetTrue(condition.Type)
		}
		c.must(kube.Client.Status().Update(c.ctx, class))
	}
}

// makePoolsReady runs Karpenter's own checks of NodePools: one that is not ready is passed over
// without a word.
func (c *cluster) makePoolsReady() {
	checked := validation.NewController(c.clock, kube.Client, c.cloud)
	ready := readiness.NewController(c.clock, kube.Client, c.cloud)
	pools := &karpv1.NodePoolList{}
	c.must(kube.Client.List(c.ctx, pools))
	if len(pools.Items) == 0 {
		c.t.Fatal("no NodePool in the plan")
	}
	for i := range pools.Items {
		pool := &pools.Items[i]
		_, err := checked.Reconcile(c.ctx, pool)
		c.must(err)
		c.refresh(pool)
		_, err = ready.Reconcile(c.ctx, pool)
		c.must(err)
		c.refresh(pool)
		if !pool.StatusConditions().IsTrue(opstatus.ConditionReady) {
			c.t.Fatalf("NodePool %s is not ready: %v", pool.Name, pool.StatusConditions().List())
		}
	}
}

func (c *cluster) refresh(o client.Object) {
	c.t.Helper()
	c.must(kube.Client.Get(c.ctx, client.ObjectKeyFromObject(o), o))
}

func (c *cluster) must(err error) {
	if err != nil {
		c.t.Helper()
		c.t.Fatal(err)
	}
}
