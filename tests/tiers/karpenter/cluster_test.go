package karpenter

import (
	"context"
	"os"
	"testing"
	"time"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	opstatus "github.com/awslabs/operatorpkg/status"
	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"github.com/samber/lo"
	corev1 "k8s.io/api/core/v1"
	clock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

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
	// offered are EC2's prices in dollars an hour, by instance type and capacity type.
	offered map[ec2types.InstanceType]map[string]float64
	// refused counts the NodeClaims of the last launch that EC2 had no capacity for.
	refused int
}

func newCluster(t *testing.T, spot prices) *cluster {
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	logger := logr.Discard()
	if os.Getenv("KARPENTER_LOGS") != "" {
		logger = funcr.New(func(_, args string) { t.Log("karpenter:", args) }, funcr.Options{})
	}
	ctx = log.IntoContext(ctx, logger)
	ctx = coreoptions.ToContext(ctx, coretest.Options(coretest.OptionsFields{FeatureGates: coretest.FeatureGates{ReservedCapacity: lo.ToPtr(true)}}))
	ctx = options.ToContext(ctx, awstest.Options(awstest.OptionsFields{ClusterName: lo.ToPtr(stack.Drill.Cluster)}))
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
	c.emptyPods()
	for _, claim := range list(c, &karpv1.NodeClaimList{}).Items {
		c.remove(&claim)
	}
	for _, node := range list(c, &corev1.NodeList{}).Items {
		c.remove(&node)
	}
}

// emptyPods deletes all pods.
func (c *cluster) emptyPods() {
	for _, pod := range list(c, &corev1.PodList{}).Items {
		c.remove(&pod)
	}
}

// remove deletes at once, finalizers or not.
func (c *cluster) remove(o client.Object) {
	if c.there(o) {
		c.patch(o, func() { o.SetFinalizers(nil) })
		c.must(client.IgnoreNotFound(kube.Client.Delete(c.ctx, o, client.GracePeriodSeconds(0))))
	}
}

// makeClassesReady stands for the node class controller: the subnets that the class names, and
// one image per processor.
func (c *cluster) makeClassesReady() {
	for _, class := range list(c, &awsv1.EC2NodeClassList{}).Items {
		ready := awstest.EC2NodeClass() // the provider's own
		class.Status.AMIs, class.Status.SecurityGroups = ready.Status.AMIs, ready.Status.SecurityGroups
		class.Status.InstanceProfile = "profile"
		class.Status.Subnets = lo.Map(class.Spec.SubnetSelectorTerms, func(term awsv1.SubnetSelectorTerm, _ int) awsv1.Subnet {
			return awsv1.Subnet{ID: term.ID, Zone: zoneOf(term.ID), ZoneID: zoneID(zoneOf(term.ID))}
		})
		for _, condition := range class.StatusConditions().List() {
			class.StatusConditions().SetTrue(condition.Type)
		}
		c.must(kube.Client.Status().Update(c.ctx, &class))
	}
}

// makePoolsReady runs Karpenter's own checks of NodePools: one that is not ready is passed over
// without a word.
func (c *cluster) makePoolsReady() {
	checked := validation.NewController(c.clock, kube.Client, c.cloud)
	ready := readiness.NewController(c.clock, kube.Client, c.cloud)
	pools := list(c, &karpv1.NodePoolList{}).Items
	if len(pools) == 0 {
		c.t.Fatal("no NodePool in the plan")
	}
	for _, pool := range pools {
		c.done(checked.Reconcile(c.ctx, &pool))
		c.refresh(&pool)
		c.done(ready.Reconcile(c.ctx, &pool))
		c.refresh(&pool)
		if !pool.StatusConditions().IsTrue(opstatus.ConditionReady) {
			c.t.Fatalf("NodePool %s is not ready: %v", pool.Name, pool.StatusConditions().List())
		}
	}
}

// list is what the API server has.
func list[T client.ObjectList](c *cluster, into T) T {
	c.must(kube.Client.List(c.ctx, into))
	return into
}

// patch changes an object where the API server still has it.
func (c *cluster) patch(o client.Object, change func()) {
	stored := o.DeepCopyObject().(client.Object)
	change()
	c.must(client.IgnoreNotFound(kube.Client.Patch(c.ctx, o, client.MergeFrom(stored))))
}

func (c *cluster) refresh(o client.Object) {
	c.t.Helper()
	c.must(kube.Client.Get(c.ctx, client.ObjectKeyFromObject(o), o))
}

// there tells whether the API server has an object, and refreshes it.
func (c *cluster) there(o client.Object) bool {
	err := kube.Client.Get(c.ctx, client.ObjectKeyFromObject(o), o)
	c.must(client.IgnoreNotFound(err))
	return err == nil
}

// done asserts that a controller's Reconcile had no error.
func (c *cluster) done(_ reconcile.Result, err error) {
	c.t.Helper()
	c.must(err)
}

func (c *cluster) must(err error) {
	if err != nil {
		c.t.Helper()
		c.t.Fatal(err)
	}
}
