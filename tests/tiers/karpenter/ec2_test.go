package karpenter

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/samber/lo"

	awsv1 "github.com/aws/karpenter-provider-aws/pkg/apis/v1"
	"github.com/aws/karpenter-provider-aws/pkg/fake"
	awstest "github.com/aws/karpenter-provider-aws/pkg/test"
)

// region is that of the fake EC2, and of the plans.
const region = fake.DefaultRegion

var zones = []string{region + "a", region + "b", region + "c"}

// zoneOf is the zone of a subnet: the recorded plan ends a subnet's id with its zone's letter.
func zoneOf(subnet string) string { return region + subnet[len(subnet)-1:] }

func zoneID(zone string) string { return "usw2-az" + zone[len(zone)-1:] }

// The catalogue: every family in every size; a family with a "d" suffix has local NVMe.
var families = map[string][]string{
	"arm64":  {"c6g", "m6g", "r6g", "c6gd", "m6gd", "r6gd", "c7g", "m7g", "r7g", "c7gd", "m7gd", "r7gd", "c8g", "m8g", "r8g"},
	"x86_64": {"m5", "r5", "m5d", "r5d", "c6i", "m6i", "r6i", "c6id", "m6id", "r6id", "m6a", "r6a", "c7i", "m7i", "r7i", "m7a", "r7a"},
}
var sizes = map[string]int32{"large": 2, "xlarge": 4, "2xlarge": 8, "4xlarge": 16, "8xlarge": 32, "12xlarge": 48, "16xlarge": 64}
var gibPerCPU = map[byte]int64{'c': 2, 'm': 4, 'r': 8}

func catalogue() (infos []ec2types.InstanceTypeInfo) {
	for arch, fams := range families {
		for _, fam := range fams {
			for size, cpus := range sizes {
				infos = append(infos, instanceType(arch, fam, size, cpus))
			}
		}
	}
	return infos
}

// instanceType has what Karpenter needs to know of a type, and what NodePools and pods ask for.
func instanceType(arch, fam, size string, cpus int32) ec2types.InstanceTypeInfo {
	enis := lo.Clamp(cpus/2+2, 3, 8)
	info := ec2types.InstanceTypeInfo{
		InstanceType:          ec2types.InstanceType(fam + "." + size),
		SupportedUsageClasses: fake.DefaultSupportedUsageClasses,
		Hypervisor:            "nitro",
		ProcessorInfo:         &ec2types.ProcessorInfo{SupportedArchitectures: []ec2types.ArchitectureType{ec2types.ArchitectureType(arch)}},
		VCpuInfo:              &ec2types.VCpuInfo{DefaultCores: aws.Int32(cpus), DefaultVCpus: aws.Int32(cpus)},
		MemoryInfo:            &ec2types.MemoryInfo{SizeInMiB: aws.Int64(int64(cpus) * gibPerCPU[fam[0]] * 1024)},
		NetworkInfo: &ec2types.NetworkInfo{
			Ipv4AddressesPerInterface: aws.Int32(30), DefaultNetworkCardIndex: aws.Int32(0),
			NetworkCards: []ec2types.NetworkCardInfo{{NetworkCardIndex: aws.Int32(0), MaximumNetworkInterfaces: aws.Int32(enis)}},
		},
	}
	if strings.HasSuffix(fam, "d") {
		info.InstanceStorageInfo = &ec2types.InstanceStorageInfo{NvmeSupport: "required", TotalSizeInGB: aws.Int64(int64(cpus) * 59)}
	}
	return info
}

func archOf(info ec2types.InstanceTypeInfo) string {
	return awsv1.AWSToKubeArchitectures[string(info.ProcessorInfo.SupportedArchitectures[0])]
}

// stockEC2 fills the fake EC2 with the catalogue and the plan's subnets, priced by the provider's
// own static on-demand table and the given spot prices.
func (c *cluster) stockEC2(spot prices) {
	e := c.aws
	var infos []ec2types.InstanceTypeInfo
	var offers []ec2types.InstanceTypeOffering
	var history []ec2types.SpotPrice
	c.offered = map[ec2types.InstanceType]map[string]float64{}
	for _, i := range catalogue() {
		onDemand, priced := e.PricingProvider.OnDemandPrice(i.InstanceType)
		if !priced {
			continue
		}
		infos = append(infos, i)
		price := onDemand * lo.Ternary(archOf(i) == "arm64", spot.arm, spot.amd)
		c.offered[i.InstanceType] = map[string]float64{"on-demand": onDemand, "spot": price}
		for _, z := range zones {
			offers = append(offers, ec2types.InstanceTypeOffering{InstanceType: i.InstanceType, Location: aws.String(z), LocationType: "availability-zone"})
			history = append(history, ec2types.SpotPrice{InstanceType: i.InstanceType, AvailabilityZone: aws.String(z), SpotPrice: aws.String(fmt.Sprintf("%.4f", price)), Timestamp: aws.Time(time.Now())})
		}
	}
	e.EC2API.DescribeInstanceTypesOutput.Set(&ec2.DescribeInstanceTypesOutput{InstanceTypes: infos})
	e.EC2API.DescribeInstanceTypeOfferingsOutput.Set(&ec2.DescribeInstanceTypeOfferingsOutput{InstanceTypeOfferings: offers})
	e.EC2API.DescribeSpotPriceHistoryBehavior.Output.Set(&ec2.DescribeSpotPriceHistoryOutput{SpotPriceHistory: history})
	e.EC2API.DescribeAvailabilityZonesOutput.Set(&ec2.DescribeAvailabilityZonesOutput{AvailabilityZones: lo.Map(zones, func(z string, _ int) ec2types.AvailabilityZone {
		return ec2types.AvailabilityZone{ZoneName: aws.String(z), ZoneId: aws.String(zoneID(z)), ZoneType: aws.String("availability-zone")}
	})})
	c.must(e.PricingProvider.UpdateSpotPricing(c.ctx))
	c.must(e.InstanceTypesProvider.UpdateInstanceTypes(c.ctx))
	c.must(e.InstanceTypesProvider.UpdateInstanceTypeOfferings(c.ctx))
	e.InstanceTypeCache.Flush()
	e.OfferingCache.Flush()
	// The subnets that the plan's node classes name, with free addresses.
	for _, class := range list(c, &awsv1.EC2NodeClassList{}).Items {
		for _, s := range class.Status.Subnets {
			e.EC2API.Subnets.Store(s.ID, ec2types.Subnet{
				SubnetId: aws.String(s.ID), AvailabilityZone: aws.String(s.Zone), AvailabilityZoneId: aws.String(s.ZoneID),
				AvailableIpAddressCount: aws.Int32(4000), MapPublicIpOnLaunch: aws.Bool(false), VpcId: aws.String("vpc"),
			})
		}
		_, err := e.SubnetProvider.List(c.ctx, &class)
		c.must(err)
	}
}

// exhaust takes all pools of an architecture and capacity type off the market.
// Karpenter is not told: it learns it from CreateFleet's errors, as in real life.
func (c *cluster) exhaust(arch, capacityType string) {
	for _, i := range catalogue() {
		if archOf(i) != arch {
			continue
		}
		for _, z := range zones {
			c.aws.EC2API.InsufficientCapacityPools.Add(fake.CapacityPool{CapacityType: capacityType, InstanceType: string(i.InstanceType), Zone: z})
		}
	}
}

// fleet corrects shortcuts of the fake EC2. That always reports the first override of the request
// as launched, even one without capacity: here it is asked for the cheapest with capacity only
// (EC2 uses lowest-price for on-demand; for spot price-capacity-optimized, of which only the price
// is known).
type fleet struct{ *fake.EC2API }

func (f *fleet) CreateFleet(ctx context.Context, in *ec2.CreateFleetInput, opts ...func(*ec2.Options)) (*ec2.CreateFleetOutput, error) {
	capacityType := string(in.TargetCapacitySpecification.DefaultTargetCapacityType)
	iced := map[fake.CapacityPool]bool{}
	f.InsufficientCapacityPools.Range(func(p fake.CapacityPool) bool { iced[p] = true; return true })

	var best []ec2types.FleetLaunchTemplateConfigRequest
	for _, config := range in.LaunchTemplateConfigs {
		for _, o := range config.Overrides {
			pool := fake.CapacityPool{CapacityType: capacityType, InstanceType: string(o.InstanceType), Zone: aws.ToString(o.AvailabilityZone)}
			if !iced[pool] && (best == nil || rank(o) < rank(best[0].Overrides[0])) {
				config.Overrides = []ec2types.FleetLaunchTemplateOverridesRequest{o}
				best = []ec2types.FleetLaunchTemplateConfigRequest{config}
			}
		}
	}
	if best != nil {
		in.LaunchTemplateConfigs = best
	}
	out, err := f.EC2API.CreateFleet(ctx, in, opts...)
	if err == nil && best != nil {
		for _, id := range out.Instances[0].InstanceIds {
			f.complete(id, in, best[0].Overrides[0])
		}
	}
	return out, err
}

// complete gives an instance what the fake leaves out: what Karpenter compares to see drift, its
// subnet, its security groups and its tags, and whether it is a Spot Instance.
func (f *fleet) complete(id string, in *ec2.CreateFleetInput, override ec2types.FleetLaunchTemplateOverridesRequest) {
	raw, _ := f.Instances.Load(id)
	instance := raw.(ec2types.Instance)
	instance.LaunchTime = aws.Time(time.Now())
	instance.SubnetId = override.SubnetId
	if in.TargetCapacitySpecification.DefaultTargetCapacityType == ec2types.DefaultTargetCapacityTypeSpot {
		instance.InstanceLifecycle = ec2types.InstanceLifecycleTypeSpot
	}
	instance.SecurityGroups = lo.Map(awstest.EC2NodeClass().Status.SecurityGroups, func(group awsv1.SecurityGroup, _ int) ec2types.GroupIdentifier {
		return ec2types.GroupIdentifier{GroupId: aws.String(group.ID)}
	})
	for _, specification := range in.TagSpecifications {
		if specification.ResourceType == ec2types.ResourceTypeInstance {
			instance.Tags = specification.Tags
		}
	}
	f.Instances.Store(id, instance)
}

// rank orders by price (Karpenter sends it as Priority), then by name.
func rank(o ec2types.FleetLaunchTemplateOverridesRequest) string {
	return fmt.Sprintf("%012.5f/%s/%s", aws.ToFloat64(o.Priority), o.InstanceType, aws.ToString(o.AvailabilityZone))
}
